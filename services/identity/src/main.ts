import { runService } from '@erp-steward/service-kit/run-service'
import { identity } from './service.ts'

await runService(identity, process.env)
