import { Type, type Static } from 'typebox'

/** What assessment reads from its environment besides what every service reads. */
export const AssessmentConfig = Type.Object({})
export type AssessmentConfig = Static<typeof AssessmentConfig>
