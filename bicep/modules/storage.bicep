// One account: blobs, queues and tables of the pipeline, and the functions package.
param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object
param sku string
param tempRetentionDays int
param recordingsSoftDeleteDays int
param recordingsImmutableDays int
@description('Who is let in: bypass, defaultAction, virtualNetworkRules, ipRules.')
param networkRules object

// These names are compared with the constants in shared/Pipeline.Contracts by a test.
var queueNames = ['recording-started', 'segment-ready', 'recording-stopped', 'webhook-deliveries', 'recording-deletions', 'render-window', 'transcribe-stretch']
var tableNames = ['ledger', 'catalogue', 'settings', 'reports', 'events', 'webhooks', 'renders', 'transcripts']
var poisonQueueNames = map(queueNames, name => '${name}-poison')

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: 'stpipeline${suffix}'
  location: location
  tags: tags
  sku: { name: sku }
  kind: 'StorageV2'
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: networkRules.bypass
      defaultAction: networkRules.defaultAction
      virtualNetworkRules: map(networkRules.virtualNetworkRules, rule => { id: rule.id, action: 'Allow' })
      ipRules: map(networkRules.ipRules, rule => { value: rule.value, action: 'Allow' })
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: recordingsSoftDeleteDays > 0 ? { enabled: true, days: recordingsSoftDeleteDays } : { enabled: false }
    containerDeleteRetentionPolicy: recordingsSoftDeleteDays > 0 ? { enabled: true, days: recordingsSoftDeleteDays } : { enabled: false }
    // The container's immutability needs no versions, and versions of moved segments would stay in the temp container for good.
    isVersioningEnabled: false
    // The page of a recording plays from here. Who has no link reads nothing, and no cookie goes along.
    cors: {
      corsRules: [
        {
          allowedOrigins: ['*']
          allowedMethods: ['GET', 'HEAD']
          allowedHeaders: ['range']
          exposedHeaders: ['Content-Range', 'Content-Length', 'ETag']
          maxAgeInSeconds: 3600
        }
      ]
    }
  }
}

resource temp 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'segments-temp'
  properties: { publicAccess: 'None' }
}

resource recordings 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'recordings'
  properties: { publicAccess: 'None' }
}

// Files are made once more when a late segment comes: no immutability here, and nothing in it that the recordings do not hold.
resource renders 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'renders'
  properties: { publicAccess: 'None' }
}

resource immutability 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2025-06-01' = if (recordingsImmutableDays > 0) {
  parent: recordings
  name: 'default'
  properties: { immutabilityPeriodSinceCreationInDays: recordingsImmutableDays }
}

resource package 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: 'functions-package'
  properties: { publicAccess: 'None' }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for name in concat(queueNames, poisonQueueNames): {
    parent: queueService
    name: name
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [
  for name in tableNames: {
    parent: tableService
    name: name
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'forgotten-temp-segments'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${temp.name}/'] }
            actions: { baseBlob: { delete: { daysAfterCreationGreaterThan: tempRetentionDays } } }
          }
        }
      ]
    }
  }
}

output accountName string = account.name
output endpoints object = {
  blob: account.properties.primaryEndpoints.blob
  queue: account.properties.primaryEndpoints.queue
  table: account.properties.primaryEndpoints.table
}
