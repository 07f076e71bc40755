// The secrets that exist: Discord's token and the bot's key to each cell's recording API.
param location string
param suffix string
param tags object
@secure()
param discordToken string
@description('One functions app per cell.')
param functionsNames array
@description('What the vault calls each cell\'s key.')
param apiKeySecretNames array
param botPrincipalId string
param functionsPrincipalId string
@description('Who is let in, as for the storage.')
param networkRules object

var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var tokenSecretName = 'discord-token'

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-pipe-${suffix}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    // Container Instances get their secrets from the vault through a module's parameters.
    enabledForTemplateDeployment: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7
    networkAcls: networkRules
  }
}

resource token 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(discordToken)) {
  parent: vault
  name: tokenSecretName
  properties: { value: discordToken }
}

resource sites 'Microsoft.Web/sites@2025-03-01' existing = [for name in functionsNames: { name: name }]

// A key of its own for the bot, which opens what a bot asks for and nothing else: the functions know it as Functions__BotKey. It comes out of the
// host's key, so that it is the same at the next deployment, and does not lead back to that.
#disable-next-line BCP081 // the compiler has no description of this type
resource botKeys 'Microsoft.Web/sites/host/functionKeys@2022-03-01' = [
  for (name, cell) in functionsNames: {
    name: '${name}/default/bot'
    properties: {
      name: 'bot'
      value: guid(listKeys('${sites[cell].id}/host/default', '2025-03-01').functionKeys.default, 'bot')
    }
  }
]

resource apiKeys 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = [
  for (name, cell) in functionsNames: {
    parent: vault
    name: apiKeySecretNames[cell]
    properties: { value: guid(listKeys('${sites[cell].id}/host/default', '2025-03-01').functionKeys.default, 'bot') }
    dependsOn: [botKeys[cell]]
  }
]

resource botReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, botPrincipalId, keyVaultSecretsUser)
  scope: vault
  properties: {
    principalId: botPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}

// The functions read the bot's keys and nothing else.
resource functionsRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, cell) in functionsNames: {
    name: guid(apiKeys[cell].id, functionsPrincipalId, keyVaultSecretsUser)
    scope: apiKeys[cell]
    properties: {
      principalId: functionsPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
    }
  }
]

output name string = vault.name
#disable-next-line outputs-should-not-contain-secrets // addresses, not values
output discordTokenSecretUri string = '${vault.properties.vaultUri}secrets/${tokenSecretName}'
#disable-next-line outputs-should-not-contain-secrets // addresses, not values
output apiKeySecretUris array = [for (name, cell) in functionsNames: '${vault.properties.vaultUri}secrets/${apiKeys[cell].name}']
