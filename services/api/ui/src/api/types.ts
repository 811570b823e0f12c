// What the API answers, as far as the pages read it. The OpenAPI document has all of it.

export type RunStatus = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT' | 'SKIPPED'
export type NodeStatus = 'WAITING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'RETRYING' | 'CANCELLED'

export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

export interface Session {
  name: string
  role: Role
  namespaces: string[] | null
  expiresAt: string | null
  csrf: string
  /** Of the page's own: the server knows this session no more, and what it showed stays until somebody has logged in again. */
  ended?: boolean
}
export type Role = 'viewer' | 'editor' | 'operator' | 'admin'

export interface Fault {
  code?: string
  message?: string
  node?: string | null
  remedy?: string | null
}

export interface PipelineName {
  namespace: string
  name: string
}

export interface RunHead {
  id: string
  pipeline: PipelineName
  version: number
  status: RunStatus
  trigger: { type?: string } & Record<string, unknown>
  parameters: Record<string, unknown>
  labels: Record<string, string>
  logicalDate: string | null
  reason: string | null
  createdBy: string | null
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
  waitingFor: { reason: string; detail: string } | null
  error: Fault | null
}

/** Terms of the ledger: where rows in and rows out differ; null: not counted. */
export type Terms = Record<string, number | null>

export interface NodeFigures {
  id: string
  type: string
  status: NodeStatus
  generation: number
  stage: number | null
  engine: string | null
  rowsIn: number | null
  rowsOut: number | null
  rowsRejected: number | null
  rowsInserted: number | null
  rowsUpdated: number | null
  rowsUnchanged: number | null
  rowsDeleted: number | null
  ledger: Terms | null
  balanced: boolean | null
  durationMs: number | null
  error: Fault | null
  /** Why it was computed there; a server that does not say leaves it out. */
  engineWhy?: string | null
  /** The run that computed its rows, where this one did not. */
  reusedFrom?: string | null
}

export interface RunNode extends NodeFigures {
  attempts: number
}

export interface RunStage {
  id: number
  kind: string
  engine: string | null
  nodes: string[]
  status: string
  epoch: number
  waitingFor: { reason: string; detail: string } | null
  retries: number
  retryAt: string | null
  durationMs: number | null
  peakMemoryBytes: number | null
  worker: string | null
  error: Fault | null
}

export interface RunQuality {
  dataset: string
  ruleSet: string | null
  scope: string
  score: number | null
  partial: boolean
  passed: number
  failed: number
  errors: number
}

export interface Run extends RunHead {
  progress: {
    percent: number
    activeNodes: string[]
    rowsRead: number | null
    rowsWritten: number | null
    rowsRejected: number | null
    estimatedFinishAt: string | null
  }
  nodes: RunNode[]
  stages: RunStage[]
  quality: RunQuality[]
  balanced: boolean | null
  lastSeq: number
}

export interface Graph {
  nodes: { id: string; type: string; generation: number; label: string | null; description: string | null }[]
  edges: GraphEdge[]
}
export interface GraphEdge {
  from: string
  port: string
  to: string
}

export interface Attempt {
  epoch: number
  worker: string
  startedAt: string | null
  finishedAt: string | null
  outcome: string | null
  error: Fault | null
}
export interface AttemptAtStage extends Attempt {
  stage: number
  kind: string
  engine: string | null
  nodes: string[]
}

export interface ColumnFigures {
  name: string
  type: string
  rows: number
  nulls: number | null
  min: unknown
  max: unknown
  distinct: number | null
}
export interface NodeInFull extends NodeFigures {
  attempts: Attempt[]
  inStage: RunStage | null
  sql: { table: string; sql: string }[]
  samples: { port: string; epoch: number; rows: Record<string, unknown>[]; profile: ColumnFigures[] | null; at: string }[]
  errors: Fault[]
}

export interface RunEvent {
  seq: number
  at: string
  type: string
  node: string | null
  stage: number | null
  epoch: number | null
  data: Record<string, unknown>
}

export interface LogLine {
  id: number
  at: string
  level: string
  node: string | null
  stage: number | null
  worker: string | null
  message: string
}

export interface LedgerNode {
  id: string
  type: string
  status: NodeStatus
  rowsIn: number | null
  terms: { term: string; rows: number | null }[]
  balanced: boolean | null
  problem: string | null
}
export interface Ledger {
  balanced: boolean | null
  nodes: LedgerNode[]
}

export interface ListedPipeline extends PipelineName {
  version: number
  valid: boolean
  savedAt: string
  lastRun: { id: string; status: RunStatus } | null
  nextFireAt: string | null
  qualityScore: number | null
  enabled: boolean | null
}

export interface TextProblem {
  code: string
  message: string
  line: number
  column: number
  node: string | null
  severity: 'error' | 'warning'
  suggestion: string | null
}

export interface Pipeline extends PipelineName {
  version: number
  valid: boolean
  errors: TextProblem[]
  document: string
  author: string
  message: string
  savedAt: string
  enabled: boolean | null
}

export interface Version {
  version: number
  author: string
  message: string
  savedAt: string
  valid: boolean
  current: boolean
  sha: string
}

export interface RuleOfCalendar {
  name: string
  calendar: string
}
export interface FireTime {
  at: string
  local: string
  skipped: RuleOfCalendar | null
  times: number
  movedFrom: string | null
  rule: RuleOfCalendar | null
  note: RuleOfCalendar | null
}
export interface Next {
  pipeline: { schedule: string | null; timezone: string | null; enabled: boolean }
  notes: string[]
  items: FireTime[]
}

export interface CheckSummary {
  check: { run: string; stage: number }
  namespace: string
  dataset: string
  scope: string
  ruleSet: string | null
  at: string
  score: number | null
  passed: number
  failed: number
  errors: number
  rows: number | null
  drift: string | null
}
export interface RuleResult {
  rule: string
  type: string
  severity: string
  status: string
  passed: boolean
  blocks: boolean
  checked: number | null
  failing: number | null
  failingPercent: number | null
  observed: unknown
  expected: unknown
  offenders: Record<string, unknown>[]
  error: string | null
}
export interface Formula {
  text: string
  cap: number | null
  terms: { rule: string; share: number; weight: number; checked: number | null; failing: number | null; severity: string }[]
  /** Rules that could not be measured. */
  leftOut: string[]
}
export interface ProfileColumn {
  name: string
  type: string
  rows: number
  nulls: number | null
  nullPercent: number | null
  distinct: number | null
  distinctExact: boolean
  min: unknown
  max: unknown
  mean: number | null
  stddev: number | null
  lengths: { min: number; max: number; mean: number } | null
  quantiles: Record<string, unknown> | null
  histogram: { from: unknown; to: unknown; rows: number }[] | null
  topValues: { value: unknown; rows: number }[] | null
}
export interface DriftFinding {
  column: string | null
  metric: string
  kind: string
  said: string
}
export interface Objective {
  score: number
  windowDays: number
  checks: number
  below: number
  mean: number | null
  remainingPercent: number
  burnRate: number | null
  usedUp: boolean
}
export interface DatasetQuality extends Omit<CheckSummary, 'drift'> {
  partial: boolean
  formula: Formula | null
  blocked: string[]
  profile: { rows: number; exact: boolean; sampledRows: number | null; columns: ProfileColumn[] } | null
  drift: { status: string; history: number; findings: DriftFinding[]; more: number } | null
  results: RuleResult[]
  objective: Objective | null
  history: CheckSummary[]
  subjects: { scope: string; ruleSet: string | null; at: string; score: number | null }[]
}

export interface DeadLetter {
  id: string
  run: string
  pipeline: PipelineName
  node: string
  kind: string
  rule: string | null
  original_record: unknown
  record: unknown
  error_message: string
  position: number | null
  retry_count: number
  state: string
  replayRun: string | null
  timestamp: string
}

export interface Breaker extends PipelineName {
  connector: string
  state: 'closed' | 'open' | 'half-open' | null
  failures: number | null
  failuresToOpen: number
  nextTrialAt: string | null
  changedAt: string | null
  error: string | null
}

export interface Fix {
  kind: 'yaml' | 'sql' | 'setting'
  text: string
  applies: string
  lines: number[]
}
export interface DiagnosisFinding {
  cause: string
  title: string
  sentence: string
  confidence: 'certain' | 'likely' | 'possible'
  evidence: { what: string; where: string }[]
  steps: string[]
  fix: Fix | null
}
export interface Diagnosis {
  run: string
  status: RunStatus
  summary: string
  findings: DiagnosisFinding[]
  fingerprint: string | null
  seen: {
    times: number
    lookedAt: number
    since: string | null
    last: string | null
    runs: string[]
    lastWell: { run: string; version: number; finishedAt: string | null } | null
    sentence: string
  } | null
  assistantAvailable: boolean
  assistant: { model: string; text: string; fix: Fix | null; refused: string | null } | null
}

export interface RunDifference {
  kind: 'version' | 'parameters' | 'columns' | 'plan' | 'status' | 'rows' | 'duration'
  node: string | null
  figure: string | null
  before: unknown
  after: unknown
  surprise: number
  told: string
}
export interface RunDiff {
  run: RunHead
  comparedWith: RunHead
  findings: RunDifference[]
  recipe: { path: string; change: 'added' | 'removed' | 'changed'; before: unknown; after: unknown; node: string | null }[] | null
  nodes: { id: string; before: RunNode | null; after: RunNode | null }[]
}

export interface LetterGroup {
  pipeline: PipelineName
  node: string
  kind: string
  rule: string | null
  state: string
  letters: number
}
