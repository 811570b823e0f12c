// The pages that the frame leads to, and the keyboard search finds.
import type { Role } from '../api/types'

export interface PageEntry {
  to: string
  label: string
  about: string
  /** Whoever may less is not led there; the API decides. */
  role: Role
}

export const PAGES: PageEntry[] = [
  { to: '/runs', label: 'Runs', about: 'The latest, by pipeline and state', role: 'viewer' },
  { to: '/pipelines', label: 'Pipelines', about: 'How each went last, and when it fires next', role: 'viewer' },
  { to: '/quality', label: 'Quality', about: 'The newest check of each dataset', role: 'viewer' },
  { to: '/dead-letters', label: 'Dead letters', about: 'Rows that did not get through', role: 'viewer' },
  { to: '/connectors', label: 'Connectors', about: 'Where data lies: breakers, tables, credentials', role: 'viewer' },
  { to: '/calendars', label: 'Calendars', about: 'Which days count, and why', role: 'viewer' },
  { to: '/system', label: 'System', about: 'Services, workers, queues, versions', role: 'viewer' },
  { to: '/tokens', label: 'Tokens', about: 'Who may call, and taking that away', role: 'admin' },
  { to: '/audit', label: 'Audit log', about: 'Who changed what, or tried to', role: 'admin' },
  { to: '/editor', label: 'Write a recipe', about: 'Text that is checked as it is written', role: 'viewer' },
]
