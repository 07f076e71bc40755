// A network of our own: storage and vault take what comes from it, and from the addresses that the owner names.
param location string
param suffix string
param tags object

var serviceEndpoints = [{ service: 'Microsoft.Storage' }, { service: 'Microsoft.KeyVault' }]

// Container Apps and Flex Consumption both take a subnet that is theirs alone.
resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-pipeline-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/22'] }
    subnets: [
      for (name, at) in ['bot', 'functions']: {
        name: name
        properties: {
          addressPrefix: '10.20.${at}.0/24'
          serviceEndpoints: serviceEndpoints
          delegations: [{ name: 'apps', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
    ]
  }
}

output botSubnetId string = '${network.id}/subnets/bot'
output functionsSubnetId string = '${network.id}/subnets/functions'
