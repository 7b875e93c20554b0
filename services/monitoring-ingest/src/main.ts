import { runService } from '@erp-steward/service-kit/run-service'
import { monitoringIngest } from './service.ts'

await runService(monitoringIngest, process.env)
