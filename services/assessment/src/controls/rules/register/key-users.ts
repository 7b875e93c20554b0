import * as directory from '@erp-steward/contracts/directory-events'
import * as incident from '@erp-steward/contracts/incident-events'
import type { Control, Touch } from '../control.ts'
import { INCIDENT, GONE, breaks, control, mends, proves, retires } from './touch.ts'

const NAMED = 'Whoever is named can do the duty, or is refused.'
const GAP =
  'A gap is a duty that nobody can do now: nobody is named, or who is named has lost the right.'

/** Duties of a tier, or of one kind of it, that somebody must be able to do now. */
const gapOf = (tier: string, kind: 'MODULE' | null = null): Touch[] => {
  const duty = '{unitId}/{tier}/{kind}/module:{moduleCode}'
  const when = { tier: [tier], ...(kind !== null && { kind: [kind] }) }
  return [
    proves(incident.KeyUserNominated, '', { when, why: NAMED }),
    breaks(incident.KeyUserGapFound, duty, { when, why: GAP }),
    mends(incident.KeyUserGapMended, duty, { when, why: GAP }),
    retires(directory.UnitChanged, '{unitId}', { when: { active: [false] }, why: GONE }),
    retires(directory.ModuleChanged, 'module:{code}', { when: { active: [false] }, why: GONE }),
  ]
}

/** Clauses that facts of key users prove. */
export const keyUserControls: readonly Control[] = [
  control('B-4.1.1', {
    demand: {
      zh: '各用户单位均有能履职的模块关键用户和 IT 关键用户。',
      en: 'Every user unit has module key users and an IT key user who can do the duty.',
    },
    proof: {
      zh: '一级关键用户指派的事实，没有未消除的空缺。',
      en: 'Key users of tier 1 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺：无人被指派，或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
    },
    from: INCIDENT,
    touches: gapOf('L1'),
  }),
  control('B-4.1.2', {
    demand: {
      zh: '每个实施模块在各单位至少有一名能履职的关键用户。',
      en: 'Every implemented module has a key user in every unit who can do the duty.',
    },
    proof: {
      zh: '一级模块关键用户指派的事实，没有未消除的空缺。',
      en: 'Module key users of tier 1 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺：无人被指派，或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
    },
    from: INCIDENT,
    touches: gapOf('L1', 'MODULE'),
  }),
  control('B-4.2.1', {
    demand: {
      zh: '公司各模块有能履职的关键用户，并有 IT 关键用户。',
      en: 'The company has a key user of each module and one of IT who can do the duty.',
    },
    proof: {
      zh: '二级关键用户指派的事实，没有未消除的空缺。',
      en: 'Key users of tier 2 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺：无人被指派，或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
    },
    from: INCIDENT,
    touches: gapOf('L2'),
  }),
  control('B-4.2.2', {
    demand: {
      zh: '每个模块有一名能履职的公司关键用户。',
      en: 'Every module has a key user of the company who can do the duty.',
    },
    proof: {
      zh: '二级模块关键用户指派的事实，没有未消除的空缺。',
      en: 'Module key users of tier 2 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺：无人被指派，或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
    },
    from: INCIDENT,
    touches: gapOf('L2', 'MODULE'),
  }),
  control('B-7.3.2', {
    demand: {
      zh: '各单位指派了能履职的关键用户，没有空缺。',
      en: 'Units name key users who can do the duty, and leave no gap.',
    },
    proof: {
      zh: '一级关键用户指派的事实，没有未消除的空缺。',
      en: 'Key users of tier 1 nominated, and no gap open.',
    },
    counterExample: {
      zh: '清单上有空缺：无人被指派，或被指派者调离、冻结、失去权限或无法联系。',
      en: 'A gap is on the list: nobody is named, or who is named moved, is frozen, lost the right or cannot be reached.',
    },
    from: INCIDENT,
    touches: gapOf('L1'),
  }),
]
