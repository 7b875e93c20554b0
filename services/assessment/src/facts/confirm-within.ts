/**
 * Milliseconds after its time for which the word of the unit concerned stands without another's: the two weeks in which
 * the facts of a month are counted. Own choice.
 */
export const CONFIRM_WITHIN_MS = 14 * 86_400_000
