// A graph of tables, pipelines or columns. Whoever cannot see it has the tables below it, which say the same.
import { Background, Controls, Handle, MarkerType, Position, ReactFlow, type Node, type NodeHandle, type NodeProps } from '@xyflow/react'
import { useComputedColorScheme } from '@mantine/core'
import { useMemo } from 'react'
import { useNavigate } from 'react-router'
import { HEIGHT, places, WIDTH, type Drawn, type Thing } from './graph'
import classes from './Lineage.module.css'

type ThingNode = Node<Thing & Record<string, unknown>, 'thing'>
const AT = { y: HEIGHT / 2, width: 1, height: 1 }
const HANDLES: NodeHandle[] = [
  { type: 'target', position: Position.Left, x: 0, ...AT },
  { type: 'source', position: Position.Right, x: WIDTH, ...AT },
]

export function Picture({ drawn, label }: { drawn: Drawn; label: string }) {
  const scheme = useComputedColorScheme('light')
  const go = useNavigate()
  const { nodes, edges, lowest } = useMemo(() => {
    const where = places(drawn)
    const nodes: ThingNode[] = drawn.things.map((thing) => ({
      id: thing.id,
      type: 'thing',
      position: where.get(thing.id) ?? { x: 0, y: 0 },
      width: WIDTH,
      height: HEIGHT,
      measured: { width: WIDTH, height: HEIGHT },
      handles: HANDLES,
      data: { ...thing },
      ariaLabel: `${thing.label}, ${thing.more}`,
      selectable: thing.kind === 'pipeline',
      focusable: thing.kind === 'pipeline',
    }))
    const edges = drawn.edges.map(({ from, to }, number) => ({
      id: String(number),
      source: from,
      target: to,
      markerEnd: { type: MarkerType.ArrowClosed },
      focusable: false,
    }))
    return { nodes, edges, lowest: Math.max(...[...where.values()].map(({ y }) => y + HEIGHT)) }
  }, [drawn])
  return (
    <div className={classes.canvas} style={{ height: `min(60vh, ${Math.max(200, lowest * 1.1 + 60)}px)` }} role="group" aria-label={label}>
      <ReactFlow
        key={label}
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        colorMode={scheme}
        fitView
        fitViewOptions={{ padding: 0.1, maxZoom: 1.1 }}
        minZoom={0.1}
        nodesDraggable={false}
        nodesConnectable={false}
        deleteKeyCode={null}
        proOptions={{ hideAttribution: true }}
        // By the mouse, and by Enter on one that the keyboard has reached.
        onNodesChange={(changes) => {
          for (const change of changes) {
            const thing = change.type === 'select' && change.selected ? drawn.things.find(({ id }) => id === change.id) : undefined
            if (thing?.kind === 'pipeline') void go(`/pipelines/${thing.label}?tab=lineage`)
          }
        }}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  )
}

function Shown({ data: { kind, label, more } }: NodeProps<ThingNode>) {
  return (
    <div className={`${classes.thing ?? ''} ${classes[kind] ?? ''}`}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className={classes.label} title={label}>
        {label}
      </div>
      <div className={classes.more} title={more}>
        {more}
      </div>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  )
}

const TYPES = { thing: Shown }
