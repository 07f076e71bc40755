// Everything inside the resource group, wired together.
param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object
param botHost string
param botImage string
param botShards int
@secure()
param discordToken string
param discordGuildId string
param functionsInstanceMemoryMB int
param functionsMaximumInstances int
param tempRetentionDays int
param recordingsSoftDeleteDays int
param recordingsImmutableDays int
param storageSku string
param alertEmail string
param otlpEndpoint string

module identity 'identity.bicep' = {
  params: { location: location, suffix: suffix, tags: tags }
}

module storage 'storage.bicep' = {
  params: {
    location: location
    suffix: suffix
    tags: tags
    sku: storageSku
    tempRetentionDays: tempRetentionDays
    recordingsSoftDeleteDays: recordingsSoftDeleteDays
    recordingsImmutableDays: recordingsImmutableDays
  }
}

module monitoring 'monitoring.bicep' = {
  params: { location: location, suffix: suffix, tags: tags }
}

module registry 'registry.bicep' = {
  params: {
    location: location
    suffix: suffix
    tags: tags
    botPrincipalId: identity.outputs.botPrincipalId
  }
}

module vault 'vault.bicep' = {
  params: {
    location: location
    suffix: suffix
    tags: tags
    discordToken: discordToken
    functionsName: functions.outputs.name
    botPrincipalId: identity.outputs.botPrincipalId
  }
}

module roles 'roles.bicep' = {
  params: {
    storageAccountName: storage.outputs.accountName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    botPrincipalId: identity.outputs.botPrincipalId
    functionsPrincipalId: identity.outputs.functionsPrincipalId
  }
}

module functions 'functions.bicep' = {
  params: {
    location: location
    suffix: suffix
    tags: tags
    identityId: identity.outputs.functionsIdentityId
    identityClientId: identity.outputs.functionsClientId
    storageEndpoints: storage.outputs.endpoints
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    instanceMemoryMB: functionsInstanceMemoryMB
    maximumInstances: functionsMaximumInstances
    otlpEndpoint: otlpEndpoint
  }
  dependsOn: [roles]
}

var botSettings = {
  blobServiceUri: storage.outputs.endpoints.blob
  queueServiceUri: storage.outputs.endpoints.queue
  identityId: identity.outputs.botIdentityId
  identityClientId: identity.outputs.botClientId
  registryEndpoint: registry.outputs.endpoint
  tokenSecretUri: vault.outputs.discordTokenSecretUri
  apiKeySecretUri: vault.outputs.apiKeySecretUri
  apiUrl: functions.outputs.url
  discordGuildId: discordGuildId
  otlpEndpoint: otlpEndpoint
}

module botApp 'bot-container-app.bicep' = if (botHost == 'containerApp') {
  params: {
    location: location
    suffix: suffix
    tags: tags
    image: botImage
    shards: botShards
    settings: botSettings
    workspaceName: monitoring.outputs.workspaceName
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
    botAppIds: botHost == 'containerApp' ? botApp!.outputs.appIds : []
  }
}

output registryEndpoint string = registry.outputs.endpoint
output functionsName string = functions.outputs.name
output apiUrl string = functions.outputs.url
output storageAccountName string = storage.outputs.accountName
output keyVaultName string = vault.outputs.name
