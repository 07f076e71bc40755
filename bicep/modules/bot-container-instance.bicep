// The bot on Container Instances: the alternative where Container Apps lets no voice datagram through.
param location string
param suffix string
param tags object
param image string
param shards int
param settings object
@description('Storage and recording API of each cell; shard i belongs to cell i mod cells.')
param cells array
param vaultName string
param workspaceName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

// Container Instances cannot refer to a vault by itself; a module parameter can.
module group 'bot-container-group.bicep' = [
  for shard in range(0, shards): {
    params: {
      name: 'ci-bot-${shard}-${suffix}'
      location: location
      tags: tags
      image: image
      shard: '${settings.firstShard + shard}/${settings.totalShards}'
      settings: settings
      cell: cells[(settings.firstShard + shard) % length(cells)]
      workspaceId: workspace.properties.customerId
      workspaceKey: workspace.listKeys().primarySharedKey
      discordToken: vault.getSecret('discord-token')
      apiKey: vault.getSecret((settings.firstShard + shard) % length(cells) == 0 ? 'recording-api-key' : 'recording-api-key-${(settings.firstShard + shard) % length(cells)}')
    }
  }
]
