// The bot on Container Apps: one replica per shard, no ingress, a grace period long enough to drain.
param location string
param suffix string
param tags object
param image string
param shards int
param doctorChannelId string
param settings object
@description('Storage and recording API of each cell; shard i belongs to cell i mod cells.')
param cells array
param workspaceName string
@description('Subnet of the environment; empty for none. It cannot be changed later: the environment is made once.')
param subnetId string

// An app cannot exist without an image, and the registry is empty before the first publish.
var runningImage = empty(image) ? 'mcr.microsoft.com/k8se/quickstart:latest' : image

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: 'cae-pipeline-${suffix}'
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: workspace.properties.customerId
        sharedKey: workspace.listKeys().primarySharedKey
      }
    }
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: false }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
  }
}

var tokenSecret = { name: 'discord-token', keyVaultUrl: settings.tokenSecretUri, identity: settings.identityId }

var registries = [{ server: settings.registryEndpoint, identity: settings.identityId }]

// Half a core comes with 2 GiB of disk; a replica that exceeds it is evicted, and its disk with it.
var commonEnvironment = concat(
  [
    { name: 'DISCORD_TOKEN', secretRef: 'discord-token' }
    { name: 'RecordingApi__ApiKey', secretRef: 'recording-api-key' }
    { name: 'PipelineStorage__credential', value: 'managedidentity' }
    { name: 'PipelineStorage__clientId', value: settings.identityClientId }
    { name: 'RECORDING_SPOOL_FOLDER', value: '/spool' }
    { name: 'RECORDING_SPOOL_LIMIT_MB', value: '1536' }
    { name: 'HEALTH_ENDPOINT', value: 'http://0.0.0.0:8080' }
    { name: 'SHUTDOWN_GRACE', value: '540' }
  ],
  empty(settings.discordGuildId) ? [] : [{ name: 'DISCORD_GUILD_ID', value: settings.discordGuildId }],
  empty(settings.otlpEndpoint) ? [] : [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: settings.otlpEndpoint }]
)

var cellEnvironments = [
  for cell in cells: [
    { name: 'RecordingApi__BaseUrl', value: cell.apiUrl }
    { name: 'PipelineStorage__blobServiceUri', value: cell.blobServiceUri }
    { name: 'PipelineStorage__queueServiceUri', value: cell.queueServiceUri }
  ]
]

// Not asked of the stand-in, which answers none of them: the first deployment would wait for it in vain and fail.
var botProbes = [
  {
    type: 'Startup'
    httpGet: { path: '/healthz', port: 8080 }
    periodSeconds: 12
    failureThreshold: 10
  }
  {
    type: 'Liveness'
    httpGet: { path: '/healthz', port: 8080 }
    periodSeconds: 30
    failureThreshold: 4
  }
  {
    type: 'Readiness'
    httpGet: { path: '/readyz', port: 8080 }
    periodSeconds: 10
  }
]

resource apps 'Microsoft.App/containerApps@2025-07-01' = [
  for shard in range(0, shards): {
    name: 'ca-bot-${shard}-${suffix}'
    location: location
    tags: shard == 0 ? union(tags, { 'azd-service-name': 'bot' }) : tags
    identity: {
      type: 'UserAssigned'
      userAssignedIdentities: { '${settings.identityId}': {} }
    }
    properties: {
      environmentId: environment.id
      workloadProfileName: 'Consumption'
      configuration: {
        // The new revision always starts before the old one stops; the bot's shard lease decides which of them speaks.
        activeRevisionsMode: 'Single'
        registries: registries
        secrets: [
          tokenSecret
          { name: 'recording-api-key', keyVaultUrl: cells[(settings.firstShard + shard) % length(cells)].apiKeySecretUri, identity: settings.identityId }
        ]
      }
      template: {
        terminationGracePeriodSeconds: 600
        volumes: [{ name: 'spool', storageType: 'EmptyDir' }]
        containers: [
          {
            name: 'bot'
            image: runningImage
            env: concat(commonEnvironment, cellEnvironments[(settings.firstShard + shard) % length(cells)], [{ name: 'DISCORD_SHARD', value: '${settings.firstShard + shard}/${settings.totalShards}' }])
            resources: { cpu: json('0.5'), memory: '1Gi' }
            volumeMounts: [{ volumeName: 'spool', mountPath: '/spool' }]
            probes: empty(image) ? [] : botProbes
          }
        ]
        scale: { minReplicas: 1, maxReplicas: 1 }
      }
    }
  }
]

// Started by infra/deploy.sh as soon as the image is there: it says whether voice datagrams leave this platform and come back.
resource doctor 'Microsoft.App/jobs@2025-07-01' = {
  name: 'caj-doctor-${suffix}'
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${settings.identityId}': {} }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Manual'
      replicaTimeout: 300
      replicaRetryLimit: 0
      manualTriggerConfig: { parallelism: 1, replicaCompletionCount: 1 }
      registries: registries
      secrets: [
        tokenSecret
        { name: 'recording-api-key', keyVaultUrl: cells[0].apiKeySecretUri, identity: settings.identityId }
      ]
    }
    template: {
      volumes: [{ name: 'spool', storageType: 'EmptyDir' }]
      containers: [
        {
          name: 'doctor'
          image: runningImage
          args: empty(doctorChannelId) ? ['doctor'] : ['doctor', '--channel', doctorChannelId]
          env: concat(commonEnvironment, cellEnvironments[0])
          resources: { cpu: json('0.5'), memory: '1Gi' }
          volumeMounts: [{ volumeName: 'spool', mountPath: '/spool' }]
        }
      ]
    }
  }
}

output appIds array = [for shard in range(0, shards): apps[shard].id]
output doctorJobName string = doctor.name
