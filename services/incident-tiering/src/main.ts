import { runService } from '@erp-steward/service-kit/run-service'
import { incidentTiering } from './service.ts'

await runService(incidentTiering, process.env)
