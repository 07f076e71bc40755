// What an owner has to know without looking.
param location string
param suffix string
param tags object
param workspaceName string
param alertEmail string
param botAppIds array
@description('Bots that should be alive.')
param botShards int
@description('Functions apps that should be alive.')
param cells int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource owners 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-pipeline-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'pipeline'
    enabled: true
    emailReceivers: empty(alertEmail) ? [] : [{ name: 'owner', emailAddress: alertEmail, useCommonAlertSchema: true }]
  }
}

// Logs of the bot land in ContainerAppConsoleLogs_CL or ContainerInstanceLog_CL, those of the functions in AppTraces.
var botLogs = 'union isfuzzy=true (ContainerAppConsoleLogs_CL | project TimeGenerated, Bot = ContainerAppName_s, Line = Log_s), (ContainerInstanceLog_CL | project TimeGenerated, Bot = ContainerGroup_s, Line = Message)'

// The numbers in brackets are event ids of the bot's and the functions' logs; a test looks each of them up in the code.
var rules = [
  {
    name: 'poison-message'
    description: 'A queue message failed too often: the host set it aside, or the sweep gave it up. See "Alerts" in infra/OPERATIONS.md.'
    severity: 1
    query: 'AppTraces | where Message has "Moving message to queue" or Message contains "[5023]"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'queue-age'
    description: 'A segment waited for longer than five minutes to be moved, or still waits.'
    severity: 2
    query: 'AppTraces | where Message contains "[5012]" or Message contains "[5013]"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'functions-silent'
    description: 'The sweep of a cell has not run for ten minutes: its functions app does not live, and nothing else could say so.'
    severity: 1
    query: 'AppTraces | where Message startswith "Executed \'Functions.SweepRecordings\'" | summarize TimeGenerated = max(TimeGenerated) by AppRoleName'
    operator: 'LessThan'
    threshold: cells
  }
  {
    name: 'failed-finalize'
    description: 'A recording could not be finalized; it is tried again.'
    severity: 1
    query: 'AppTraces | where Message contains "[5031] FinalizeRecording"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'spool-alarm'
    description: 'The bot keeps audio on its disk because the storage does not take it.'
    severity: 1
    query: '${botLogs} | where Line contains "[4302]" or Line contains "[4008]"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'missing-heartbeat'
    description: 'A bot has not said that it is alive for ten minutes.'
    severity: 1
    query: '${botLogs} | where Line contains "[4301]" | summarize TimeGenerated = max(TimeGenerated) by Bot'
    operator: 'LessThan'
    threshold: botShards
  }
]

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'alert-${rule.name}-${suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.name
      description: rule.description
      severity: rule.severity
      enabled: true
      evaluationFrequency: 'PT5M'
      windowSize: 'PT10M'
      scopes: [workspace.id]
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      // Tables appear with their first row; a rule must not be refused before that.
      skipQueryValidation: true
      autoMitigate: true
      actions: { actionGroups: [owners.id] }
    }
  }
]

resource botRestarts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for (app, shard) in botAppIds: {
    name: 'alert-bot-restarts-${shard}-${suffix}'
    location: 'global'
    tags: tags
    properties: {
      description: 'The bot restarts again and again.'
      severity: 2
      enabled: true
      scopes: [app]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: 'restarts'
            criterionType: 'StaticThresholdCriterion'
            metricName: 'RestartCount'
            metricNamespace: 'Microsoft.App/containerApps'
            operator: 'GreaterThan'
            threshold: 2
            timeAggregation: 'Maximum'
          }
        ]
      }
      actions: [{ actionGroupId: owners.id }]
    }
  }
]
