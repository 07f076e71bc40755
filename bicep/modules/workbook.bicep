// What an owner looks at: the figures of bot and functions, from the logs that are there anyway.
param location string
param suffix string
param tags object
param workspaceName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'pipeline-${suffix}')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Pipeline ${suffix}'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: loadTextContent('../dashboards/workbook.json')
  }
}
