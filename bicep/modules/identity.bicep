// Two identities, so that the bot can do no more than put and send.
param location string
param suffix string
param tags object

resource bot 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-bot-${suffix}'
  location: location
  tags: tags
}

resource functions 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-functions-${suffix}'
  location: location
  tags: tags
}

output botIdentityId string = bot.id
output botPrincipalId string = bot.properties.principalId
output botClientId string = bot.properties.clientId
output functionsIdentityId string = functions.id
output functionsPrincipalId string = functions.properties.principalId
output functionsClientId string = functions.properties.clientId
