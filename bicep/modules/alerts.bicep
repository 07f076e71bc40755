// What an owner has to know without looking.
param location string
param suffix string
param tags object
param workspaceName string
param applicationInsightsName string
param alertEmail string
param botAppIds array

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
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
var botLogs = 'union isfuzzy=true (ContainerAppConsoleLogs_CL | project TimeGenerated, Line = Log_s), (ContainerInstanceLog_CL | project TimeGenerated, Line = Message)'

var rules = [
  {
    name: 'poison-message'
    description: 'A queue message failed too often and was set aside. See "Poison messages" in the operations page.'
    severity: 1
    scope: insights.id
    query: 'AppTraces | where Message has "poison"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'queue-age'
    description: 'A segment waited longer than five minutes to be moved.'
    severity: 2
    scope: insights.id
    query: 'AppTraces | where Properties has "5101"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'failed-finalize'
    description: 'A recording could not be finalized.'
    severity: 1
    scope: insights.id
    query: 'AppTraces | where Properties has "5102"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'spool-alarm'
    description: 'The bot keeps audio on its disk because the storage does not take it.'
    severity: 1
    scope: workspace.id
    query: '${botLogs} | where Line has "[4101]"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'missing-heartbeat'
    description: 'The bot has not said that it is alive for ten minutes.'
    severity: 1
    scope: workspace.id
    query: '${botLogs} | where Line has "[4102]"'
    operator: 'LessThan'
    threshold: 1
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
      scopes: [rule.scope]
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

resource botRestarts 'Microsoft.Insights/metricAlerts@2018-03-01' = if (!empty(botAppIds)) {
  name: 'alert-bot-restarts-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    description: 'The bot restarts again and again.'
    severity: 2
    enabled: true
    scopes: botAppIds
    targetResourceType: 'Microsoft.App/containerApps'
    targetResourceRegion: location
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria'
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
