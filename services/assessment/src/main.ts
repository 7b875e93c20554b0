import { runService } from '@erp-steward/service-kit/run-service'
import { assessment } from './service.ts'

await runService(assessment, process.env)
