import type { WordsByBeginning } from '../event-words.ts'

/** Members of alerts, thresholds, sources and inspections. */
export const monitoringWords: WordsByBeginning = {
  'monitoring.alert.': {
    episodeId: 'The episode: from pending to the end it is one and the same.',
    thresholdId: 'The threshold that was passed.',
    name: 'What the threshold is called.',
    metric: 'Name of the metric.',
    labels: 'Labels of the series that passed it, by name.',
    value: 'The value that was judged.',
    limit: 'The limit of this level.',
    reason: 'Why it ended; only `recovered` says that the value is good again.',
    since: 'Sample time of the first breach.',
    confirmedAt: 'When the breach was confirmed here, of this level; sample times may lie before.',
  },
  'monitoring.alert.firing': {
    firedAt: 'When it had been beyond the limit for the time of the rule, or rose to this level.',
    repeats:
      'An ended episode of the same series of which a person in charge was told shortly before, at this level or a graver one; null: none; absent from older facts.',
  },
  'monitoring.alert.resolved': { resolvedAt: 'When it ended.' },
  'monitoring.alert.cleared': { clearedAt: 'When it ended, before anybody was told.' },
  'monitoring.alert.notified': {
    deliveredAt: 'When the message had been accepted.',
    personId:
      'Who was reached; null: nobody anew; absent from facts of when a webhook counted too.',
    by: 'By what: a message, the taking of the ticket, or a message of a moment before.',
    withinTarget: 'Whether not later after the confirmation than `monitoring.alert.notify_within`.',
  },
  'monitoring.alert.acknowledged': {
    acknowledgedByPersonId: 'Who took the ticket.',
    acknowledgedAt: 'When the ticket was taken.',
  },
  'monitoring.threshold.': {
    thresholdId: 'The threshold.',
    name: 'What it is called.',
    category: 'What it watches over.',
    metric: 'Name of the metric.',
    change: 'What was done with it.',
    comparison: 'Which side of the limit is bad.',
    warning: 'Limit of a warning; null: there is none.',
    critical: 'Limit of what is critical; null: there is none.',
    forSeconds: 'For how long it has to be passed, in seconds.',
    reason: 'Why it was set so.',
  },
  'monitoring.threshold.unfed': { reason: 'Why it judges nothing.' },
  'monitoring.threshold.fed': { fedAt: 'When samples reached it.' },
  'monitoring.source.': {
    sourceId: 'The source of samples.',
    name: 'What it is called.',
    change: 'What was done with it.',
    lastHeardAt: 'When its last sample came; null: it never sent one.',
    silentSince: 'Since when it was silent; null: no silence was noticed before.',
    heardAt: 'When it was heard.',
  },
  'monitoring.source.key-figure-stated': {
    figure: 'The key figure of a machine that runs the ERP.',
    watched: 'Whether a plausible sample of now is there.',
    guarded:
      'Whether a threshold in force judges it, with a limit that is not beyond the one of the parameters.',
  },
  'monitoring.inspection.': {
    roundId: 'The inspection of a unit on a day.',
    date: 'The day, a local date.',
    inspectorPersonId: 'Who has to inspect; null: nobody who is able.',
    deputyPersonId: 'Who stands in; null: nobody.',
    dueAt: 'By when it has to be signed.',
    signedByPersonId: 'Who signed it.',
    signedAt: 'When it was signed.',
    item: 'Code of the item that was looked at.',
    value: 'What was measured or noted; null: nothing.',
  },
  'monitoring.inspection.generated': {
    deputyDueAt: 'By when the deputy has to sign it, once it has gone there.',
  },
  'monitoring.inspection.done': {
    onDay:
      'Whether it was signed on the day that it is about; a day that is over cannot be inspected any more.',
    suspicious: 'Whether the answers look copied; then they prove no look at the system.',
    abnormalItems: 'Items that were found abnormal.',
  },
  'monitoring.inspection.suspicious': { reasons: 'What makes the answers look copied.' },
  'monitoring.inspection.item-overruled': {
    reason: 'Why the value is no finding though it is beyond its limit.',
    recordedByPersonId: 'Who noted the value; null: it was measured.',
    overruledByPersonId: 'Who said that it is no finding.',
    overruledAt: 'When that was said.',
  },
  'monitoring.inspection.uncovered': {
    reason: 'Whether there is no roster, or nobody on it is able.',
  },
  'monitoring.inspection.covered': {
    uncoveredSince: 'Since when nobody was able.',
    coveredAt: 'When somebody was again.',
  },
  'monitoring.inspection.handed-over': {
    inspectorPersonId: 'Who had to inspect; null: nobody who was able.',
    deputyPersonId: 'Who has to inspect now; null: nobody.',
    handedOverAt: 'When it went to the deputy.',
  },
  'monitoring.inspection.finding-raised': {
    findingId: 'The finding.',
    severity: '`simple`: it is solved at once; `complex`: it goes to superiors.',
    note: 'What was seen.',
  },
}
