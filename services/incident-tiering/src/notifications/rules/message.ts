import type { SupportTier } from '@erp-steward/contracts/values'
import type { Ticket } from '../../tickets/ticket.ts'

/** Why people are written to. */
export type Occasion =
  | 'opened'
  | 'escalated'
  | 'priority-raised'
  | 'released'
  | 'clock-breached'
  | 'progress-noted'
  | 'resolved'

const HEADLINE: Readonly<Record<Occasion, { readonly zh: string; readonly en: string }>> = {
  opened: { zh: '新工单', en: 'New ticket' },
  escalated: { zh: '工单已升级', en: 'Ticket passed on' },
  'priority-raised': { zh: '工单优先级已提高', en: 'Ticket priority raised' },
  released: { zh: '工单待重新受理', en: 'Ticket needs a new owner' },
  'clock-breached': { zh: '工单超时', en: 'Ticket overdue' },
  'progress-noted': { zh: '工单处理进度', en: 'Ticket progress' },
  resolved: { zh: '工单已解决,请确认', en: 'Ticket resolved, please confirm' },
}

/** The text of a message, Chinese first and then English: a mail cannot know its reader's language. */
export function messageOf(
  ticket: Ticket,
  occasion: Occasion,
  tier: SupportTier | null,
  note: string | null,
): { subject: string; body: string } {
  const { zh, en } = HEADLINE[occasion]
  const where = tier === null ? '' : ` (${tier})`
  return {
    subject: `[${ticket.priority}] ${ticket.number} ${zh} / ${en}${where}: ${ticket.title}`,
    body: [
      `${zh} / ${en}${where}`,
      `${ticket.number} ${ticket.title}`,
      `优先级 / Priority: ${ticket.priority}`,
      ...(ticket.moduleCode === null ? [] : [`模块 / Module: ${ticket.moduleCode}`]),
      '',
      note ?? ticket.description,
    ].join('\n'),
  }
}
