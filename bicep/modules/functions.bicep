// The functions app on Flex Consumption: the isolated worker.
param location string
param suffix string
param tags object
@description('What azd calls this cell\'s service.')
param serviceName string
param identityId string
param identityClientId string
@description('blob, queue and table endpoint of the storage account.')
param storageEndpoints object
param applicationInsightsName string
param instanceMemoryMB int
param maximumInstances int
param httpConcurrency int
param otlpEndpoint string
@description('Subnet for what it sends; empty for none.')
param subnetId string
@description('What people\'s browsers reach; empty for the app\'s own address.')
param publicBaseUrl string
@description('Where the vault has the bot\'s key to this app.')
param botKeyReference string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-pipeline-${suffix}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

var storageSettings = [
  for prefix in ['AzureWebJobsStorage', 'PipelineStorage']: [
    { name: '${prefix}__blobServiceUri', value: storageEndpoints.blob }
    { name: '${prefix}__queueServiceUri', value: storageEndpoints.queue }
    { name: '${prefix}__tableServiceUri', value: storageEndpoints.table }
    { name: '${prefix}__credential', value: 'managedidentity' }
    { name: '${prefix}__clientId', value: identityClientId }
  ]
]

var telemetrySettings = concat(
  [
    { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insights.properties.ConnectionString }
    { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${identityClientId};Authorization=AAD' }
  ],
  empty(otlpEndpoint) ? [] : [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: otlpEndpoint }]
)

var pageSettings = [
  { name: 'PUBLIC_BASE_URL', value: empty(publicBaseUrl) ? 'https://func-pipeline-${suffix}.azurewebsites.net' : publicBaseUrl }
]

// Read from the vault when the app starts: there on the first deployment before the package is.
var keySettings = [{ name: 'Functions__BotKey', value: botKeyReference }]

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: 'func-pipeline-${suffix}'
  location: location
  tags: union(tags, { 'azd-service-name': serviceName })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      appSettings: concat(flatten(storageSettings), telemetrySettings, pageSettings, keySettings)
    }
    functionAppConfig: {
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storageEndpoints.blob}functions-package'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstances
        // Flex scales every function in instances of its own, up to the count above each. How much one instance takes at a time is set for the
        // API here and for the queues in host.json.
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
        // One instance that is awake keeps "segment ready -> moved" free of cold starts while a call is recorded.
        alwaysReady: [{ name: 'function:MoveSegment', instanceCount: 1 }]
      }
    }
  }
}

output name string = site.name
output url string = 'https://${site.properties.defaultHostName}'
