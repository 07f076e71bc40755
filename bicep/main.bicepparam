using './main.bicep'

// azd and infra/deploy.sh set these variables; every parameter that is not named here has its default in main.bicep.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'pipeline')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param botHost = readEnvironmentVariable('PIPELINE_BOT_HOST', 'containerApp')
param botImage = readEnvironmentVariable('SERVICE_BOT_IMAGE_NAME', '')
param botShards = int(readEnvironmentVariable('PIPELINE_BOT_SHARDS', '1'))
param firstShard = int(readEnvironmentVariable('PIPELINE_FIRST_SHARD', '0'))
param totalShards = int(readEnvironmentVariable('PIPELINE_TOTAL_SHARDS', '0'))
param cells = int(readEnvironmentVariable('PIPELINE_CELLS', '1'))
param discordToken = readEnvironmentVariable('DISCORD_TOKEN', '')
param discordGuildId = readEnvironmentVariable('DISCORD_GUILD_ID', '')
param doctorChannelId = readEnvironmentVariable('PIPELINE_DOCTOR_CHANNEL', '')
param alertEmail = readEnvironmentVariable('PIPELINE_ALERT_EMAIL', '')
param otlpEndpoint = readEnvironmentVariable('OTEL_EXPORTER_OTLP_ENDPOINT', '')
param publicBaseUrl = readEnvironmentVariable('PUBLIC_BASE_URL', '')
