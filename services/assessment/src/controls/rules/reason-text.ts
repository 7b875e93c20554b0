import type { Reason } from './control-state.ts'

const service = {
  identity: '身份服务',
  'incident-tiering': '分级支持服务',
  'monitoring-ingest': '监控服务',
  'backup-orchestration': '备份服务',
  assessment: '考核服务',
} as const satisfies Record<string, string>

/** The reason of a state in one sentence. */
export function reasonText(reason: Reason, language: 'zh-CN' | 'en'): string {
  const text = words(reason)
  return text[language]
}

function words(reason: Reason): { readonly 'zh-CN': string; readonly en: string } {
  switch (reason.code) {
    case 'context':
      return { en: 'The clause sets no duty.', 'zh-CN': '本条不含义务。' }
    case 'proven':
      return {
        en: 'It was proven, whoever would tell otherwise is heard, and no breach is open.',
        'zh-CN': '已有证据，相关服务正常上报，无未消除的违反。',
      }
    case 'recorded':
      return { en: 'A person recorded what they saw.', 'zh-CN': '由人员记录所见。' }
    case 'never-proven':
      return { en: 'Nothing proves it yet.', 'zh-CN': '尚无任何证据。' }
    case 'not-built':
      return {
        en: 'Nothing can prove it yet: what would is not built.',
        'zh-CN': '本产品尚未建立其取证手段，目前无从证明。',
      }
    case 'record-missing':
      return { en: 'Nobody has recorded evidence yet.', 'zh-CN': '尚无人员记录证据。' }
    case 'record-expired':
      return {
        en: 'The last record of a person is no longer valid.',
        'zh-CN': '最近的人员记录已失效。',
      }
    case 'open-breaches':
      return {
        en: `Breaches are open: ${reason.count}.`,
        'zh-CN': `未消除的违反：${reason.count} 项。`,
      }
    case 'open-risks':
      return {
        en: `Risks are open: ${reason.count}.`,
        'zh-CN': `未消除的风险：${reason.count} 项。`,
      }
    case 'sources-silent':
      return {
        en: `Sources are silent: ${reason.count}.`,
        'zh-CN': `停止上报的数据源：${reason.count} 个。`,
      }
    case 'service-silent':
      return {
        en: `Nothing has been heard of ${reason.service} for more than three hours, so its facts may be missing.`,
        'zh-CN': `超过三小时未收到${nameOf(reason.service)}的消息，其证据可能缺失。`,
      }
    case 'keys-unproven':
      return {
        en: `What must be proven and never was: ${reason.count}.`,
        'zh-CN': `应有证据而从未证明的对象：${reason.count} 个。`,
      }
    case 'parts-unproven':
      return {
        en: `Not proven yet: ${reason.parts.map((part) => part.en).join('; ')}.`,
        'zh-CN': `尚未证明：${reason.parts.map((part) => part['zh-CN']).join('；')}。`,
      }
    case 'proof-old':
      return { en: 'The last proof is too old.', 'zh-CN': '最近证据已过期。' }
  }
}

function nameOf(name: string): string {
  return Object.entries(service).find(([known]) => known === name)?.[1] ?? name
}
