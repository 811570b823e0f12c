// The graph of a run: its nodes by state, and on each edge the rows that went along it.
import { Background, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type Node, type NodeHandle, type NodeProps, type ReactFlowInstance } from '@xyflow/react'
import { useComputedColorScheme } from '@mantine/core'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Live } from '../api/live'
import { rowsOn } from '../api/runs'
import type { Graph, Run, RunNode } from '../api/types'
import { duration, short } from '../show/figures'
import { look, Mark } from '../show/Status'
import classes from './RunGraph.module.css'
import { HEIGHT, places, WIDTH, type Place } from './layout'

interface Shown extends Record<string, unknown> {
  node: RunNode
  label: string
  rows: number | undefined
  chosen: boolean
}
type StateNode = Node<Shown, 'state'>

const FIT = { padding: 0.12, maxZoom: 1.1 }
const AT = { y: HEIGHT / 2, width: 1, height: 1 }
const HANDLES: NodeHandle[] = [
  { type: 'target', position: Position.Left, x: 0, ...AT },
  { type: 'source', position: Position.Right, x: WIDTH, ...AT },
]

// More than these are drawn as far as they are seen.
const MANY = 100

interface Props {
  run: Run
  graph: Graph
  live: Live
  chosen: string | null
  /** The nodes that somebody looks for, which the picture is turned to; null: all. */
  wanted: string[] | null
  onChoose: (node: string) => void
}

export function RunGraph({ run, graph, live, chosen, wanted, onChoose }: Props) {
  const scheme = useComputedColorScheme('light')
  const where = useMemo(() => places(graph), [graph])
  const tall = useMemo(() => {
    const ys = [...where.values()].map(({ y }) => y)
    return Math.max(...ys) - Math.min(...ys) + HEIGHT
  }, [where])
  const [drawn, setDrawn] = useState<ReactFlowInstance<StateNode> | null>(null)
  const canvas = useRef<HTMLDivElement>(null)
  const aim = wanted === null || wanted.length === 0 ? '' : JSON.stringify(wanted)
  const fit = useCallback(() => {
    const nodes = aim === '' ? {} : { nodes: (JSON.parse(aim) as string[]).map((id) => ({ id })) }
    void drawn?.fitView({ ...FIT, ...nodes })
  }, [drawn, aim])
  useEffect(fit, [fit])
  useEffect(() => {
    if (drawn === null || canvas.current === null) return
    let timer: number | undefined
    // The node's panel takes half of the place; the graph learns of that by an observer of its own, before this.
    const observer = new ResizeObserver(() => {
      window.clearTimeout(timer)
      timer = window.setTimeout(fit, 50)
    })
    observer.observe(canvas.current)
    return () => {
      window.clearTimeout(timer)
      observer.disconnect()
    }
  }, [drawn, fit])
  // Of a thousand nodes none is drawn anew where only something else on the page has changed.
  const { nodes, edges } = useMemo(() => drawing(run, graph, where, live.rows, chosen), [run, graph, where, live.rows, chosen])
  return (
    <div ref={canvas} className={classes.canvas} style={{ height: `min(56vh, ${Math.max(220, tall * 1.1 + 80)}px)` }} role="group" aria-label={`Graph of the run, ${nodes.length} nodes`}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        colorMode={scheme}
        fitView
        fitViewOptions={FIT}
        onInit={setDrawn}
        onlyRenderVisibleElements={nodes.length > MANY}
        minZoom={0.1}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable
        deleteKeyCode={null}
        proOptions={{ hideAttribution: true }}
        // By the mouse, and by Enter on a node that the keyboard has reached.
        onNodesChange={(changes) => {
          for (const change of changes) if (change.type === 'select' && change.selected) onChoose(change.id)
        }}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  )
}

function drawing(run: Run, graph: Graph, where: Map<string, Place>, rows: Live['rows'], chosen: string | null): { nodes: StateNode[]; edges: Edge[] } {
  const known = new Map(run.nodes.map((node) => [node.id, node]))
  const nodes: StateNode[] = graph.nodes.flatMap(({ id, label }) => {
    const node = known.get(id)
    const position = where.get(id)
    if (node === undefined || position === undefined) return []
    return {
      id,
      type: 'state',
      position,
      // Known beforehand: nothing is measured anew, and no edge blinks, when a state changes.
      width: WIDTH,
      height: HEIGHT,
      measured: { width: WIDTH, height: HEIGHT },
      handles: HANDLES,
      selected: chosen === id,
      data: { node, label: label ?? id, rows: rows[id], chosen: chosen === id },
      ariaLabel: `${id}, ${node.type}, ${look(node.status).word}`,
      draggable: false,
      connectable: false,
    }
  })
  const along = rowsOn(run, graph.edges)
  const edges: Edge[] = graph.edges.map((edge, number) => {
    const passed = along(edge)
    const active = known.get(edge.to)?.status === 'RUNNING'
    return {
      id: String(number),
      source: edge.from,
      target: edge.to,
      label: [edge.port === 'out' ? '' : edge.port, passed === null ? '' : short(passed)].filter(Boolean).join(' '),
      animated: active,
      ...(edge.port === 'rejected' ? { className: classes.rejected ?? '' } : {}),
      markerEnd: { type: MarkerType.ArrowClosed },
      focusable: false,
    }
  })
  return { nodes, edges }
}

function State({ data: { node, label, rows, chosen } }: NodeProps<StateNode>) {
  const tone = look(node.status).tone
  return (
    <div className={`${classes.node ?? ''} ${classes[tone] ?? ''} ${chosen ? (classes.chosen ?? '') : ''}`} data-status={node.status}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className={classes.name}>
        <Mark status={node.status} />
        <span title={label}>{label}</span>
      </div>
      <div className={classes.more}>
        {node.type}
        {node.engine !== null && ` · ${node.engine}`}
      </div>
      <div className={classes.more}>
        {look(node.status).word}
        {node.status === 'RUNNING' && rows !== undefined && `, ${short(rows)} rows so far`}
        {node.status === 'COMPLETED' && node.rowsOut !== null && `, ${short(node.rowsOut)} ${node.rowsOut === 1 ? 'row' : 'rows'}`}
        {node.durationMs !== null && `, ${duration(node.durationMs)}`}
      </div>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  )
}

const TYPES = { state: State }
