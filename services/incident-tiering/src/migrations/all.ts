import { CreateIncident1790000000000 } from './1790000000000-create-incident.ts'

/** In the order they run. */
export const migrations = [CreateIncident1790000000000]
