/** A fact of the ledger as far as a reader of events is told of it. */
export interface ToldFact {
  /** Its number in the ledger, from 1 without gaps: where the reader stands once it has it. */
  readonly seq: number
  readonly type: string
  readonly subject: string
  /** The CloudEvent as JSON text without line breaks. */
  readonly envelope: string
}

/** What is read of a record for it. */
export const TOLD_COLUMNS = 'seq::float8 as seq, type, subject, envelope'
