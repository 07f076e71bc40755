// Who may do what in one cell's account. The bot: write to the temp container, send to three queues, nothing else.
param storageAccountName string
param botPrincipalId string
param functionsPrincipalId string

var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var queueDataMessageSender = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageAccountName

  resource blobs 'blobServices' existing = {
    name: 'default'
    resource temp 'containers' existing = {
      name: 'segments-temp'
    }
  }

  resource queueService 'queueServices' existing = {
    name: 'default'
    resource started 'queues' existing = {
      name: 'recording-started'
    }
    resource ready 'queues' existing = {
      name: 'segment-ready'
    }
    resource stopped 'queues' existing = {
      name: 'recording-stopped'
    }
  }
}

resource botWritesTemp 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::temp.id, botPrincipalId, blobDataContributor)
  scope: account::blobs::temp
  properties: {
    principalId: botPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource botSendsStarted 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::queueService::started.id, botPrincipalId, queueDataMessageSender)
  scope: account::queueService::started
  properties: {
    principalId: botPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataMessageSender)
  }
}

resource botSendsReady 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::queueService::ready.id, botPrincipalId, queueDataMessageSender)
  scope: account::queueService::ready
  properties: {
    principalId: botPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataMessageSender)
  }
}

resource botSendsStopped 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::queueService::stopped.id, botPrincipalId, queueDataMessageSender)
  scope: account::queueService::stopped
  properties: {
    principalId: botPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataMessageSender)
  }
}

// Owner for blobs is what the Functions host asks for (leases, deployment); it also lets the app issue user-delegation SAS.
resource functionsOwnBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, functionsPrincipalId, blobDataOwner)
  scope: account
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
  }
}

resource functionsOwnQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, functionsPrincipalId, queueDataContributor)
  scope: account
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueDataContributor)
  }
}

resource functionsOwnTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, functionsPrincipalId, tableDataContributor)
  scope: account
  properties: {
    principalId: functionsPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
  }
}
