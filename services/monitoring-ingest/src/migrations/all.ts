import { CreateMonitoring1790000000000 } from './1790000000000-create-monitoring.ts'
import { CreateInspection1790000000001 } from './1790000000001-create-inspection.ts'

/** In order; only ever added to. */
export const migrations = [CreateMonitoring1790000000000, CreateInspection1790000000001]
