import { claimOf } from '@erp-steward/regulation/claims'
import { clauses } from '@erp-steward/regulation/clause'
import { markdownTable } from '@erp-steward/regulation/regulation-documents'
import type { Texts } from '../services/assessment/src/controls/rules/control.ts'
import { register } from '../services/assessment/src/controls/rules/register/all.ts'

const CLAIM: Readonly<Record<ReturnType<typeof claimOf>['state'], Texts>> = {
  'in-force': { 'zh-CN': '生效', en: 'in force' },
  partly: { 'zh-CN': '部分生效', en: 'partly' },
  'not-yet': { 'zh-CN': '尚未生效', en: 'not yet' },
}

/** Text of docs/regulation/demands.md: what each control demands, what proves it and what turns it. */
export function demandsDocument(): string {
  const controlOf = new Map(register.map((control) => [control.clauseId, control]))
  const rows = clauses.flatMap(({ id }) => {
    const control = controlOf.get(id)
    if (control === undefined) return []
    const { state, missing } = claimOf(id)
    const { demand, proof, counterExample } = control
    return [[id, ...[demand, proof, counterExample, CLAIM[state]].map(both), both(missing)]]
  })
  const head = [
    '条款 Clause',
    '要求 Demand',
    '证据 Proof',
    '反例 Counter-example',
    '声明 Claim',
    '尚缺 Missing',
  ]
  return `# 要求、证据与反例 Demands, proofs and counter-examples

由 \`npm run generate\` 根据 \`services/assessment/src/controls/rules/register\` 和 [in-force.json](in-force.json) 生成。
条款只在其全部要求此刻均成立时才为"保持"；反例一旦出现，状态随之改变。每一生效条款都有两个方向的测试。

Written by \`npm run generate\` from \`services/assessment/src/controls/rules/register\` and [in-force.json](in-force.json).
A clause is kept only while everything it demands is true now; the counter-example turns it. Of each clause in force tests go in both directions.

${markdownTable(head, rows)}
`
}

function both(text: Texts | null): string {
  return text === null ? '' : `${text['zh-CN']}<br>${text.en}`
}
