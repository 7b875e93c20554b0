import { EntitySchema } from 'typeorm'

/** An EBS module, for example `GL`: what key users and business owners answer for. */
export interface Module {
  id: string
  /** Unique in the company. */
  code: string
  name: string
  active: boolean
  version: number
}

export const ModuleEntity = new EntitySchema<Module>({
  name: 'Module',
  tableName: 'module',
  columns: {
    id: { type: 'uuid', primary: true },
    code: { type: 'text' },
    name: { type: 'text' },
    active: { type: 'boolean' },
    version: { type: 'integer' },
  },
  uniques: [{ name: 'module_code_key', columns: ['code'] }],
})
