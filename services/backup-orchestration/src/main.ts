import { runService } from '@erp-steward/service-kit/run-service'
import { backupOrchestration } from './service.ts'

await runService(backupOrchestration, process.env)
