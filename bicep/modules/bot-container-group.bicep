// One shard of the bot as a container group.
param name string
param location string
param tags object
param image string
param shard string
param settings object
@description('Storage and recording API of the cell that the shard belongs to.')
param cell object
param workspaceId string
@secure()
param workspaceKey string
@secure()
param discordToken string
@secure()
param apiKey string

resource group 'Microsoft.ContainerInstance/containerGroups@2023-05-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${settings.identityId}': {} }
  }
  properties: {
    osType: 'Linux'
    restartPolicy: 'Always'
    imageRegistryCredentials: [{ server: settings.registryEndpoint, identity: settings.identityId }]
    diagnostics: { logAnalytics: { workspaceId: workspaceId, workspaceKey: workspaceKey } }
    volumes: [{ name: 'spool', emptyDir: {} }]
    containers: [
      {
        name: 'bot'
        properties: {
          image: image
          command: ['/app/Pipeline.Bot', 'run']
          resources: { requests: { cpu: json('0.5'), memoryInGB: json('1') } }
          volumeMounts: [{ name: 'spool', mountPath: '/spool' }]
          ports: [{ port: 8080, protocol: 'TCP' }]
          livenessProbe: {
            httpGet: { path: '/healthz', port: 8080, scheme: 'http' }
            initialDelaySeconds: 30
            periodSeconds: 30
            failureThreshold: 4
          }
          environmentVariables: concat(
            [
              { name: 'DISCORD_TOKEN', secureValue: discordToken }
              { name: 'RecordingApi__BaseUrl', value: cell.apiUrl }
              { name: 'RecordingApi__ApiKey', secureValue: apiKey }
              { name: 'PipelineStorage__blobServiceUri', value: cell.blobServiceUri }
              { name: 'PipelineStorage__queueServiceUri', value: cell.queueServiceUri }
              { name: 'PipelineStorage__credential', value: 'managedidentity' }
              { name: 'PipelineStorage__clientId', value: settings.identityClientId }
              { name: 'RECORDING_SPOOL_FOLDER', value: '/spool' }
              { name: 'HEALTH_ENDPOINT', value: 'http://0.0.0.0:8080' }
              { name: 'SHUTDOWN_GRACE', value: '25' }
              { name: 'DISCORD_SHARD', value: shard }
            ],
            empty(settings.discordGuildId) ? [] : [{ name: 'DISCORD_GUILD_ID', value: settings.discordGuildId }],
            empty(settings.otlpEndpoint) ? [] : [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: settings.otlpEndpoint }]
          )
        }
      }
    ]
  }
}
