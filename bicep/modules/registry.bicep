// Where the bot's image lies; the bot's identity may pull and nothing more.
param location string
param suffix string
param tags object
param botPrincipalId string

var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: 'crpipeline${suffix}'
  location: location
  tags: tags
  sku: { name: 'Basic' }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
  }
}

resource botPulls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, botPrincipalId, acrPull)
  scope: registry
  properties: {
    principalId: botPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
  }
}

output endpoint string = registry.properties.loginServer
