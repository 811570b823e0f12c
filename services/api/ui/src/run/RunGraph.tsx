// The graph of a run: its nodes by state, and on each edge the rows that went along it.
import { Background, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type Node, type NodeHandle, type NodeProps, type ReactFlowInstance } from '@xyflow/react'
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Live } from '../api/live'
import { rowsOn } from '../api/runs'
import type { Graph, Run, RunNode } from '../api/types'
import { duration, short } from '../show/figures'
import { look, Mark } from '../show/Status'
import classes from './RunGraph.module.css'
import { HEIGHT, places, WIDTH } from './layout'

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

interface Props {
  run: Run
  graph: Graph
  live: Live
  chosen: string | null
  onChoose: (node: string) => void
}

export function RunGraph({ run, graph, live, chosen, onChoose }: Props) {
  const scheme = useComputedColorScheme('light')
  const where = useMemo(() => places(graph), [graph])
  const lowest = Math.max(0, ...[...where.values()].map(({ y }) => y + HEIGHT))
  const [drawn, setDrawn] = useState<ReactFlowInstance<StateNode> | null>(null)
  const canvas = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (drawn === null || canvas.current === null) return
    let timer: number | undefined
    // The node's panel takes half of the place; the graph learns of that by an observer of its own, before this.
    const observer = new ResizeObserver(() => {
      window.clearTimeout(timer)
      timer = window.setTimeout(() => void drawn.fitView(FIT), 50)
    })
    observer.observe(canvas.current)
    return () => {
      window.clearTimeout(timer)
      observer.disconnect()
    }
  }, [drawn])
  const nodes: StateNode[] = graph.nodes.flatMap(({ id, label }) => {
    const node = run.nodes.find((one) => one.id === id)
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
      data: { node, label: label ?? id, rows: live.rows[id], chosen: chosen === id },
      ariaLabel: `${id}, ${node.type}, ${look(node.status).word}`,
      draggable: false,
      connectable: false,
    }
  })
  const edges: Edge[] = graph.edges.map((edge, number) => {
    const rows = rowsOn(run, graph.edges, edge)
    const active = run.nodes.some((node) => node.id === edge.to && node.status === 'RUNNING')
    return {
      id: String(number),
      source: edge.from,
      target: edge.to,
      label: [edge.port === 'out' ? '' : edge.port, rows === null ? '' : short(rows)].filter(Boolean).join(' '),
      animated: active,
      ...(edge.port === 'rejected' ? { className: classes.rejected ?? '' } : {}),
      markerEnd: { type: MarkerType.ArrowClosed },
      focusable: false,
    }
  })
  return (
    <div ref={canvas} className={classes.canvas} style={{ height: `min(56vh, ${Math.max(220, lowest * 1.1 + 80)}px)` }} role="group" aria-label={`Graph of the run, ${nodes.length} nodes`}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        colorMode={scheme}
        fitView
        fitViewOptions={FIT}
        onInit={setDrawn}
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
        {node.status === 'COMPLETED' && node.rowsOut !== null && `, ${short(node.rowsOut)} rows`}
        {node.durationMs !== null && `, ${duration(node.durationMs)}`}
      </div>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  )
}

const TYPES = { state: State }
