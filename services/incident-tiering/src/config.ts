import { PersonalDataKeys } from '@erp-steward/service-kit/personal-data'
import { SealingKeys } from '@erp-steward/service-kit/seal'
import { WebhookPrivateNetworks, WebhookTargets } from '@erp-steward/service-kit/webhook-call'
import { Type, type Static } from 'typebox'

/** What incident-tiering reads from its environment besides what every service reads. */
export const IncidentConfig = Type.Object({
  SEALING_KEYS: SealingKeys,
  PERSONAL_DATA_KEYS: PersonalDataKeys,
  SMTP_URL: Type.String({
    description:
      'Mail server, smtp://[user:password@]host:port; empty: mail is recorded as not sent.',
    format: 'smtp-url',
    writeOnly: true,
    default: '',
  }),
  MAIL_FROM: Type.String({
    description: 'Sender address of notifications.',
    format: 'mail-sender',
    default: 'ERP Steward <erp-steward@localhost>',
  }),
  WEBHOOK_TARGETS: WebhookTargets,
  WEBHOOK_PRIVATE_NETWORKS: WebhookPrivateNetworks,
  NOTIFICATION_TRY_SECONDS: Type.Integer({
    description:
      'How long one try to deliver a message may take in all, in seconds; then it has failed and is made again later.',
    minimum: 1,
    maximum: 60,
    default: 10,
  }),
})
export type IncidentConfig = Static<typeof IncidentConfig>
