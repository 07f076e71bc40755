# The functions on their own, without a Functions host: queues and timers call them in the same process.
FROM mcr.microsoft.com/dotnet/sdk:10.0.401 AS build
WORKDIR /source
COPY global.json NuGet.config Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY shared shared
COPY functions functions
RUN dotnet publish functions/Pipeline.Functions.Local -c Release -r "linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')" --self-contained -o /app

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0.12
# What writes MP3 and Opus, and what a model of speech runs on.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libmp3lame0 libopus0 libgomp1 libstdc++6 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /app /app
RUN mkdir /files && chown $APP_UID /files
VOLUME /files
USER $APP_UID
WORKDIR /app
ENV ASPNETCORE_URLS=http://0.0.0.0:7071
EXPOSE 7071
ENTRYPOINT ["/app/Pipeline.Functions.Local"]
