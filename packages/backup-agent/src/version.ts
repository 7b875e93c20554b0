import description from '../package.json' with { type: 'json' }

/** Version of the agent as its package says. */
export const AGENT_VERSION = description.version

/** What makes backups of folders. */
export const FOLDER_TOOL = `erp-steward-agent ${AGENT_VERSION} (tar, zstd)`
