// Everything inside the resource group, wired together.
param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object
param botHost string
param botImage string
param botShards int
param firstShard int
param totalShards int
@description('Storage accounts with a functions app each; shard i is served by cell i mod cells, which is the server id hashed the same way as long as shards are a multiple of cells.')
param cells int
@secure()
param discordToken string
param discordGuildId string
param doctorChannelId string
param functionsInstanceMemoryMB int
param functionsMaximumInstances int
param functionsHttpConcurrency int
param tempRetentionDays int
param recordingsSoftDeleteDays int
param recordingsImmutableDays int
param storageSku string
param alertEmail string
param otlpEndpoint string
param privateNetwork bool
param allowedAddresses array
param publicBaseUrl string

// The first cell has the names that it has alone, so that cells can be added later.
var suffixes = [for cell in range(0, cells): cell == 0 ? suffix : uniqueString(suffix, string(cell))]

module identity 'identity.bicep' = {
  params: { location: location, suffix: suffix, tags: tags }
}

module network 'network.bicep' = if (privateNetwork) {
  params: { location: location, suffix: suffix, tags: tags }
}

// Who is not named here is refused where the network is private.
var networkRules = {
  bypass: 'AzureServices'
  defaultAction: privateNetwork ? 'Deny' : 'Allow'
  virtualNetworkRules: privateNetwork ? [{ id: network!.outputs.botSubnetId }, { id: network!.outputs.functionsSubnetId }] : []
  ipRules: map(allowedAddresses, address => { value: address })
}

module storage 'storage.bicep' = [
  for cell in range(0, cells): {
    params: {
      location: location
      suffix: suffixes[cell]
      tags: tags
      sku: storageSku
      tempRetentionDays: tempRetentionDays
      recordingsSoftDeleteDays: recordingsSoftDeleteDays
      recordingsImmutableDays: recordingsImmutableDays
      networkRules: networkRules
    }
  }
]

module monitoring 'monitoring.bicep' = {
  params: { location: location, suffix: suffix, tags: tags }
}

module workbook 'workbook.bicep' = {
  params: { location: location, suffix: suffix, tags: tags, workspaceName: monitoring.outputs.workspaceName }
}

module registry 'registry.bicep' = {
  params: {
    location: location
    suffix: suffix
    tags: tags
    botPrincipalId: identity.outputs.botPrincipalId
  }
}

var apiKeySecretNames = [for cell in range(0, cells): cell == 0 ? 'recording-api-key' : 'recording-api-key-${cell}']

module vault 'vault.bicep' = {
  params: {
    location: location
    suffix: suffix
    apiKeySecretNames: apiKeySecretNames
    tags: tags
    discordToken: discordToken
    functionsNames: [for cell in range(0, cells): functions[cell].outputs.name]
    botPrincipalId: identity.outputs.botPrincipalId
    functionsPrincipalId: identity.outputs.functionsPrincipalId
    networkRules: networkRules
  }
}

module roles 'roles.bicep' = [
  for cell in range(0, cells): {
    params: {
      storageAccountName: storage[cell].outputs.accountName
      botPrincipalId: identity.outputs.botPrincipalId
      functionsPrincipalId: identity.outputs.functionsPrincipalId
    }
  }
]

module telemetryRole 'telemetry-role.bicep' = {
  params: {
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    functionsPrincipalId: identity.outputs.functionsPrincipalId
  }
}

module functions 'functions.bicep' = [
  for cell in range(0, cells): {
    params: {
      location: location
      suffix: suffixes[cell]
      tags: tags
      serviceName: cell == 0 ? 'functions' : 'functions-${cell}'
      identityId: identity.outputs.functionsIdentityId
      identityClientId: identity.outputs.functionsClientId
      storageEndpoints: storage[cell].outputs.endpoints
      applicationInsightsName: monitoring.outputs.applicationInsightsName
      instanceMemoryMB: functionsInstanceMemoryMB
      maximumInstances: functionsMaximumInstances
      httpConcurrency: functionsHttpConcurrency
      otlpEndpoint: otlpEndpoint
      subnetId: privateNetwork ? network!.outputs.functionsSubnetId : ''
      // One address leads to one cell.
      publicBaseUrl: cell == 0 ? publicBaseUrl : ''
      botKeyReference: '@Microsoft.KeyVault(VaultName=kv-pipe-${suffix};SecretName=${apiKeySecretNames[cell]})'
    }
    dependsOn: [roles]
  }
]

var botSettings = {
  identityId: identity.outputs.botIdentityId
  identityClientId: identity.outputs.botClientId
  registryEndpoint: registry.outputs.endpoint
  tokenSecretUri: vault.outputs.discordTokenSecretUri
  discordGuildId: discordGuildId
  otlpEndpoint: otlpEndpoint
  firstShard: firstShard
  totalShards: totalShards
}

module botApp 'bot-container-app.bicep' = if (botHost == 'containerApp') {
  params: {
    location: location
    suffix: suffix
    tags: tags
    image: botImage
    shards: botShards
    doctorChannelId: doctorChannelId
    settings: botSettings
    cells: [
      for cell in range(0, cells): {
        blobServiceUri: storage[cell].outputs.endpoints.blob
        queueServiceUri: storage[cell].outputs.endpoints.queue
        apiUrl: functions[cell].outputs.url
        apiKeySecretUri: vault.outputs.apiKeySecretUris[cell]
      }
    ]
    workspaceName: monitoring.outputs.workspaceName
    subnetId: privateNetwork ? network!.outputs.botSubnetId : ''
  }
  dependsOn: [roles]
}

module botInstance 'bot-container-instance.bicep' = if (botHost == 'containerInstance' && !empty(botImage)) {
  params: {
    location: location
    suffix: suffix
    tags: tags
    image: botImage
    shards: botShards
    settings: botSettings
    cells: [
      for cell in range(0, cells): {
        blobServiceUri: storage[cell].outputs.endpoints.blob
        queueServiceUri: storage[cell].outputs.endpoints.queue
        apiUrl: functions[cell].outputs.url
        apiKeySecretUri: vault.outputs.apiKeySecretUris[cell]
      }
    ]
    vaultName: vault.outputs.name
    workspaceName: monitoring.outputs.workspaceName
  }
  dependsOn: [roles]
}

module alerts 'alerts.bicep' = {
  params: {
    location: location
    suffix: suffix
    tags: tags
    workspaceName: monitoring.outputs.workspaceName
    alertEmail: alertEmail
    botShards: botShards
    cells: cells
    botAppIds: botHost == 'containerApp' ? botApp!.outputs.appIds : []
  }
}

output registryEndpoint string = registry.outputs.endpoint
output functionsName string = functions[0].outputs.name
output functionsNames array = [for cell in range(0, cells): functions[cell].outputs.name]
output apiUrl string = functions[0].outputs.url
output storageAccountName string = storage[0].outputs.accountName
output keyVaultName string = vault.outputs.name
