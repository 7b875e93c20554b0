import { runProcess } from '@erp-steward/service-kit/run-service'
import { GatewayConfig } from './config.ts'
import { startGateway } from './gateway.ts'

await runProcess<GatewayConfig>('gateway', [GatewayConfig], process.env, startGateway)
