# glibc only: the SDK's native bridge has no musl build. By digest: docs/operations.md#images-by-digest
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE} AS build
WORKDIR /ferry
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY domain domain
COPY workflows workflows
COPY activities activities
COPY protocols protocols
COPY adapters adapters
COPY check check
COPY configuration configuration
COPY catalogue catalogue
COPY doors doors
COPY gateway gateway
COPY temporal temporal
COPY traces traces
COPY servers servers
COPY api api
COPY worker worker
COPY cli cli
COPY sandbox sandbox
COPY console console
RUN npm run build && npm prune --omit=dev
# The SDK brings its native bridge for five platforms
RUN cd node_modules/@temporalio/core-bridge/releases && \
  ls | grep -v "^$(uname -m)-unknown-linux-gnu$" | xargs rm -rf
# A checkout brings its Node, which is the image's own here
RUN rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM ${NODE_IMAGE}
WORKDIR /ferry
COPY --from=build /ferry/package.json ./
COPY --from=build /ferry/node_modules node_modules
COPY --from=build /ferry/dist dist
COPY --from=build /ferry/cli/ferry.mjs cli/ferry.mjs
# Where `ferry up` keeps its data (the profile `trial` of docker-compose.yml); a volume there is the user's
RUN mkdir /var/lib/ferry && chown node:node /var/lib/ferry
# glibc gives each thread's memory back to that thread only: docs/scaling.md
ENV MALLOC_ARENA_MAX=2
USER node
CMD ["node", "dist/api/main.js"]
