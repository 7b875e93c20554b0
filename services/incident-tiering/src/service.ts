import { createPersonalData, holdPersonalData } from '@erp-steward/service-kit/personal-data'
import { createSeal } from '@erp-steward/service-kit/seal'
import { defineService } from '@erp-steward/service-kit/service'
import { incidentAttention } from './attention.ts'
import { CalendarVersionEntity } from './calendars/calendar.ts'
import { holidayRoutes } from './calendars/holiday-routes.ts'
import { HolidayYearEntity } from './calendars/holiday-year.ts'
import { loadingHolidays } from './calendars/loading-holidays.ts'
import { calendarRoutes } from './calendars/routes.ts'
import { settingOfCalendar } from './calendars/setting-of-calendar.ts'
import { watchCalendars } from './calendars/watch-calendars.ts'
import { ChangeDebtEntity } from './changes/change-debt.ts'
import { ChangeEntryEntity } from './changes/change-entry.ts'
import { ChangeEntity } from './changes/change.ts'
import { onDebtDue } from './changes/on-debt-due.ts'
import { onGateAnswered } from './changes/on-gate-answered.ts'
import { onGateVoided, onWindowsChanged } from './changes/on-ground-changed.ts'
import { onGateDue } from './changes/on-gate-due.ts'
import { onPersonMoves, PersonMoveEntity } from './changes/person-move.ts'
import { reviewsWaiting } from './changes/reviews-waiting.ts'
import { changeRoutes } from './changes/routes.ts'
import { watchStages } from './changes/unfilled-stage.ts'
import { watchExecutors } from './changes/watch-executors.ts'
import { mendClocks } from './clocks/mend-clocks.ts'
import { TicketClockEntity } from './clocks/ticket-clock.ts'
import { IncidentConfig } from './config.ts'
import { directoryEntities, unitExists } from '@erp-steward/directory/directory'
import { directorySubscriptions } from '@erp-steward/directory/on-directory-changed'
import { findGaps, KeyUserGapEntity } from './key-users/follow-gaps.ts'
import { onDutiesChanged } from './key-users/on-duties-changed.ts'
import { onRightsChanged } from './key-users/on-rights-changed.ts'
import { KeyUserEntity } from './key-users/key-user.ts'
import { keyUserRoutes } from './key-users/routes.ts'
import { migrations } from './migrations/all.ts'
import { deliverNotifications } from './notifications/deliver-notification.ts'
import { NotificationAttemptEntity, NotificationEntity } from './notifications/notification.ts'
import { onAccountShut } from './notifications/on-account-case.ts'
import { onAccountDormant } from './notifications/on-account-dormant.ts'
import { onCredentialReset } from './notifications/on-credential-reset.ts'
import { onSecondFactorChanged } from './notifications/on-second-factor-changed.ts'
import {
  onAlertUntaken,
  onAlertUntold,
  onInspectionUncovered,
} from './notifications/on-watch-failed.ts'
import { onWaitRunningOut, onWaitUndecidable } from './notifications/on-wait.ts'
import { notificationRoutes } from './notifications/routes.ts'
import { createPersonMailer } from './notifications/mail-to-person.ts'
import { createMailSender } from './notifications/send-mail.ts'
import { createWebhookSender } from './notifications/send-webhook.ts'
import { describedWebhooks } from './notifications/webhook-message.ts'
import { WebhookEntity } from './notifications/webhook.ts'
import { findSuperiorGaps, SuperiorGapEntity } from './superiors/follow-superior-gaps.ts'
import { replacingSuperiors } from './superiors/replace-superiors.ts'
import { superiorRoutes } from './superiors/routes.ts'
import { SuperiorsEntity } from './superiors/superior.ts'
import { onAccountCaseOpened } from './tickets/on-account-case.ts'
import { onAlertFiring, onAlertResolved, onFindingRaised } from './tickets/on-alert.ts'
import { onClockDue } from './tickets/on-clock-due.ts'
import { ticketRoutes } from './tickets/routes.ts'
import { TicketEntryEntity } from './tickets/ticket-entry.ts'
import { TicketEntity } from './tickets/ticket.ts'

/** Faults and requests on their way through the three support tiers, and changes. Source: B-4, A-5.2, A-3.3. */
export const incidentTiering = defineService({
  name: 'incident-tiering',
  title: 'Incident tiering',
  examples: new URL('./examples.json', import.meta.url),
  config: IncidentConfig,
  entities: [
    ...directoryEntities,
    KeyUserEntity,
    KeyUserGapEntity,
    SuperiorsEntity,
    SuperiorGapEntity,
    CalendarVersionEntity,
    HolidayYearEntity,
    TicketEntity,
    TicketEntryEntity,
    TicketClockEntity,
    ChangeEntity,
    ChangeEntryEntity,
    ChangeDebtEntity,
    PersonMoveEntity,
    NotificationEntity,
    NotificationAttemptEntity,
    WebhookEntity,
  ],
  migrations,
  webhooks: describedWebhooks,
  waits: [reviewsWaiting],
  proposals: () => [settingOfCalendar, loadingHolidays, replacingSuperiors],
  onlyGrow: ['ticket_entry', 'change_entry', 'notification_attempt', 'holiday_year'],
  routes: (app, deps) => {
    // It writes to people: addresses are opened when a mail goes out. It looks nobody up.
    holdPersonalData(deps.db, createPersonalData(deps.config.PERSONAL_DATA_KEYS, null))
    keyUserRoutes(app, deps)
    superiorRoutes(app, deps)
    calendarRoutes(app, deps)
    holidayRoutes(app, deps)
    ticketRoutes(app, deps)
    changeRoutes(app, deps)
    notificationRoutes(app, deps, createSeal(deps.config.SEALING_KEYS))
  },
  subscriptions: () => [
    // Before the copy of the directory forgets the unit that a person leaves.
    onPersonMoves,
    ...directorySubscriptions,
    ...onRightsChanged,
    ...onDutiesChanged,
    onAlertFiring,
    onAlertResolved,
    onFindingRaised,
    onAccountCaseOpened,
    onInspectionUncovered,
    onAlertUntaken,
    onAlertUntold,
    onAccountDormant,
    onCredentialReset,
    onSecondFactorChanged,
    ...onAccountShut,
    onWaitUndecidable,
    onWaitRunningOut,
    onGateAnswered,
    onGateVoided,
    onWindowsChanged,
  ],
  tasks: ({ db, config, clock }) => [
    onClockDue,
    onGateDue,
    onDebtDue,
    watchStages,
    watchExecutors,
    watchCalendars,
    mendClocks,
    findGaps,
    findSuperiorGaps,
    ...deliverNotifications({
      senders: {
        mail: createPersonMailer(db, createMailSender(config.SMTP_URL, config.MAIL_FROM)),
        webhook: createWebhookSender(
          db,
          createSeal(config.SEALING_KEYS),
          {
            targets: config.WEBHOOK_TARGETS,
            privateNetworks: config.WEBHOOK_PRIVATE_NETWORKS,
          },
          clock,
        ),
      },
      tryMs: config.NOTIFICATION_TRY_SECONDS * 1_000,
      clock,
    }),
  ],
  // 00:30 UTC is 08:30 in China, when the working day begins.
  crontab: [
    '30 0 * * * watch-calendars',
    '30 0 * * * mend-clocks',
    '*/10 * * * * find-key-user-gaps',
    '*/10 * * * * find-superior-gaps',
    '* * * * * watch-change-stages',
    '* * * * * watch-change-executors',
  ].join('\n'),
  attention: incidentAttention,
  unitExists,
})
