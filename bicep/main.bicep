// The whole product in one resource group: storage, functions, the bot, its secrets, and what watches them.
// Nothing here holds or hands out a storage key: every access is an identity with a role.
targetScope = 'subscription'

@description('Name of this environment, of letters, digits and hyphens: part of the resource group\'s name and of what every other name is made from.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of all resources. It must offer Flex Consumption.')
@minLength(1)
param location string

@description('Where the bot runs. Container Apps is the default; Container Instances is the alternative where Container Apps lets no UDP out (the doctor job tells).')
@allowed(['containerApp', 'containerInstance'])
param botHost string = 'containerApp'

@description('Image of the bot, for example myregistry.azurecr.io/pipeline-bot:1.2.3. Empty on the first run, when the registry is still empty: Container Apps then starts with a stand-in, Container Instances wait.')
param botImage string = ''

@description('Shards of the bot: one replica each. Discord asks for one shard per 2,500 servers.')
@minValue(1)
@maxValue(64)
param botShards int = 1

@description('First shard of this deployment, where several deployments share the shards of one application.')
@minValue(0)
@maxValue(65535)
param firstShard int = 0

@description('Shards of the application over all deployments; 0 means that this deployment has them all.')
@minValue(0)
@maxValue(65536)
param totalShards int = 0

@description('Cells: each is a storage account with a functions app of its own and serves every n-th shard, so that a server always meets the same one. botShards must be a multiple of it.')
@minValue(1)
@maxValue(8)
param cells int = 1

@description('Token of the Discord application. Empty keeps the one that the vault already holds.')
@secure()
param discordToken string = ''

@description('Restrict slash commands to one server while testing; empty registers them everywhere.')
param discordGuildId string = ''

@description('Voice channel that the doctor job joins for a moment, to prove that voice datagrams pass; empty leaves that out. Nothing may be recorded in its server meanwhile.')
param doctorChannelId string = ''

@description('Memory of one functions instance in MB.')
@allowed([512, 2048, 4096])
param functionsInstanceMemoryMB int = 2048

@description('Most instances that one function, or the HTTP functions together, may scale to.')
@minValue(40)
@maxValue(1000)
param functionsMaximumInstances int = 40

@description('Requests that one instance of the recording API answers at a time before another instance is started.')
@minValue(1)
@maxValue(1000)
param functionsHttpConcurrency int = 32

@description('Days after which a forgotten blob in the temp container is deleted. The sweep is much faster; this is the net below it.')
@minValue(2)
@maxValue(365)
param tempRetentionDays int = 7

@description('Days for which a deleted recording can be brought back; 0 switches soft delete off.')
@minValue(0)
@maxValue(365)
param recordingsSoftDeleteDays int = 7

@description('Days for which a finished recording cannot be changed or deleted by anybody; 0 switches immutability off. Deleting by command fails until then.')
@minValue(0)
@maxValue(3650)
param recordingsImmutableDays int = 0

@description('Redundancy of the storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'

@description('Mail address that alerts go to; empty creates the alerts without a receiver.')
param alertEmail string = ''

@description('OTLP endpoint that bot and functions send metrics and traces to; empty sends none.')
param otlpEndpoint string = ''

@description('Put functions and bot into a network of their own, and let storage and vault take nothing from outside it but what allowedAddresses names. Container Apps only.')
param privateNetwork bool = false

@description('With privateNetwork: public addresses or ranges (203.0.113.7, 198.51.100.0/24) from which people listen and from which it is deployed.')
param allowedAddresses array = []

@description('What people\'s browsers reach, such as https://record.example.org, when a domain of yours leads to the functions app of the first cell; empty for its own address.')
param publicBaseUrl string = ''

var allShards = totalShards == 0 ? firstShard + botShards : totalShards
var tags = { 'azd-env-name': environmentName }
var suffix = uniqueString(subscription().id, environmentName, location)

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-pipeline-${take(environmentName, 60)}-${take(suffix, 6)}'
  location: location
  tags: tags
}

module resources 'modules/resources.bicep' = {
  scope: group
  params: {
    location: location
    suffix: suffix
    tags: tags
    botHost: botHost
    botImage: botImage
    botShards: botShards
    firstShard: firstShard
    totalShards: firstShard + botShards <= allShards ? allShards : fail('firstShard and botShards go beyond totalShards')
    cells: botShards % cells == 0 ? cells : fail('botShards must be a multiple of cells')
    discordToken: discordToken
    discordGuildId: discordGuildId
    doctorChannelId: doctorChannelId
    functionsInstanceMemoryMB: functionsInstanceMemoryMB
    functionsMaximumInstances: functionsMaximumInstances
    functionsHttpConcurrency: functionsHttpConcurrency
    tempRetentionDays: tempRetentionDays
    recordingsSoftDeleteDays: recordingsSoftDeleteDays
    recordingsImmutableDays: recordingsImmutableDays
    storageSku: storageSku
    alertEmail: alertEmail
    otlpEndpoint: otlpEndpoint
    privateNetwork: privateNetwork && botHost != 'containerApp' ? fail('privateNetwork needs botHost containerApp') : privateNetwork
    allowedAddresses: allowedAddresses
    publicBaseUrl: publicBaseUrl
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_LOCATION string = location
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = resources.outputs.registryEndpoint
output PIPELINE_FUNCTIONS_NAMES array = resources.outputs.functionsNames
output PIPELINE_FUNCTIONS_NAME string = resources.outputs.functionsName
output PIPELINE_API_URL string = resources.outputs.apiUrl
output PIPELINE_STORAGE_ACCOUNT string = resources.outputs.storageAccountName
output PIPELINE_KEY_VAULT string = resources.outputs.keyVaultName
// What was chosen, under the names that main.bicepparam reads: "azd env refresh" brings it to the next machine that deploys.
output PIPELINE_BOT_HOST string = botHost
output PIPELINE_BOT_SHARDS int = botShards
output PIPELINE_FIRST_SHARD int = firstShard
output PIPELINE_TOTAL_SHARDS int = totalShards
output PIPELINE_CELLS int = cells
output PIPELINE_ALERT_EMAIL string = alertEmail
output DISCORD_GUILD_ID string = discordGuildId
output OTEL_EXPORTER_OTLP_ENDPOINT string = otlpEndpoint
output PUBLIC_BASE_URL string = publicBaseUrl
output SERVICE_BOT_IMAGE_NAME string = botImage
