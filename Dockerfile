# glibc only: the SDK's native bridge has no musl build
FROM node:22-bookworm-slim
WORKDIR /ferry
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY tsconfig.json ./
COPY domain domain
COPY workflows workflows
COPY activities activities
COPY protocols protocols
COPY adapters adapters
COPY configuration configuration
COPY temporal temporal
COPY api api
COPY worker worker
COPY cli cli
USER node
CMD ["node", "--import", "tsx", "api/main.ts"]
