// SPDX-License-Identifier: Apache-2.0
// A small directed graph, laid out by dagre from left to right, drawn here. Nodes that lead somewhere are links; who cannot see
// it reads the same as a table.
import dagre from "@dagrejs/dagre";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { named, number, t } from "../base/text";

export interface GraphNode {
  key: string;
  kind: string;
  title: string;
  /** The second line: what stands in the log, then words in the reader's language. */
  data?: string;
  note: string;
  to?: string;
  tone?: "source" | "bad" | "warn";
}

export interface GraphEdge {
  from: string;
  to: string;
  units?: number;
  possible?: boolean;
}

const HEIGHT = 46;
const TITLE_LETTER = 8.6;
const NOTE_LETTER = 7.8;
const WIDTH_LEAST = 96;
const WIDTH_MOST = 280;
const INSET = 22;
const MARGIN = 8;

/** How wide a text is, in letters: Chinese characters take two. */
function letters(text: string): number {
  return [...text].reduce((sum, c) => sum + (c > "\u2e80" ? 2 : 1), 0);
}

function widthOf(node: GraphNode): number {
  const second = letters(node.data ?? "") + letters(node.note) + 1;
  const wanted = Math.max(letters(node.title) * TITLE_LETTER, second * NOTE_LETTER) + INSET;
  return Math.min(WIDTH_MOST, Math.max(WIDTH_LEAST, wanted));
}

function clipped(text: string, width: number, letter: number): string {
  const most = Math.floor((width - INSET) / letter) + 1;
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

interface Placed {
  node: GraphNode;
  x: number;
  y: number;
  width: number;
}

interface Line {
  edge: GraphEdge;
  path: string;
  x: number;
  y: number;
}

interface Drawing {
  width: number;
  height: number;
  nodes: Placed[];
  lines: Line[];
}

function smooth(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let at = first;
  let path = `M${first.x} ${first.y}`;
  for (const point of rest) {
    const middle = (at.x + point.x) / 2;
    path += ` C${middle} ${at.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    at = point;
  }
  return path;
}

function laidOut(nodes: GraphNode[], edges: GraphEdge[]): Drawing {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 12, ranksep: 56, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.key, { width: widthOf(node), height: HEIGHT });
  for (const edge of edges) graph.setEdge(edge.from, edge.to, {});
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    nodes: nodes.map((node) => {
      const at = graph.node(node.key);
      return { node, x: at.x - at.width / 2, y: at.y - at.height / 2, width: at.width };
    }),
    lines: edges.map((edge) => {
      const { points } = graph.edge(edge.from, edge.to);
      const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
      return { edge, path: smooth(points), x: middle.x, y: middle.y };
    }),
  };
}

function Box(props: { of: Placed }) {
  const { node, x, y, width } = props.of;
  return (
    <g class={`node ${node.kind} ${node.tone ?? ""}`} transform={`translate(${x} ${y})`}>
      <rect width={width} height={HEIGHT} rx={7} />
      <text x={10} y={19} class="node-title" data-raw>{clipped(node.title, width, TITLE_LETTER)}</text>
      <text x={10} y={36} class="node-note">
        <tspan data-raw>{clipped(node.data ?? "", width, NOTE_LETTER)}</tspan> {clipped(node.note, width, NOTE_LETTER)}
      </text>
    </g>
  );
}

function Node(props: { of: Placed }) {
  const { node } = props.of;
  const kind = named(`kind.${node.kind}`, node.kind);
  const said = t("graph.node", { kind, title: node.title, data: node.data ?? "", note: node.note });
  if (node.to === undefined) {
    return (
      <g role="img" aria-label={said}>
        <title data-raw>{said}</title>
        <Box of={props.of} />
      </g>
    );
  }
  return (
    <a href={node.to} aria-label={said}>
      <title data-raw>{said}</title>
      <Box of={props.of} />
    </a>
  );
}

function AsTable(props: { nodes: GraphNode[]; edges: GraphEdge[] }) {
  const names = new Map(props.nodes.map((node) => [node.key, node]));
  const cell = (key: string) => {
    const node = names.get(key);
    if (node === undefined) return null;
    return (
      <>
        {node.to === undefined ? <span data-raw>{node.title}</span> : <a href={node.to} data-raw>{node.title}</a>}{" "}
        <small><span data-raw>{node.data ?? ""}</span> {node.note}</small>
      </>
    );
  };
  return (
    <details>
      <summary>{t("graph.as_table")}</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("graph.as_table")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("graph.from")}</th>
              <th scope="col">{t("graph.to")}</th>
              <th scope="col">{t("graph.units")}</th>
              <th scope="col">{t("column.certainty")}</th>
            </tr>
          </thead>
          <tbody>
            {props.edges.map((edge) => (
              <tr key={`${edge.from} ${edge.to}`}>
                <td>{cell(edge.from)}</td>
                <td>{cell(edge.to)}</td>
                <td data-raw>{edge.units === undefined ? "" : number(edge.units)}</td>
                <td>{t(edge.possible === true ? "state.possible" : "state.certain")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export function Graph(props: { nodes: GraphNode[]; edges: GraphEdge[]; label: string }) {
  const { nodes, edges } = props;
  const drawing = useMemo(() => laidOut(nodes, edges), [nodes, edges]);
  const frame = useRef<HTMLDivElement>(null);
  // A tall picture begins where its source is.
  useEffect(() => {
    const source = drawing.nodes.find(({ node }) => node.tone === "source");
    const here = frame.current;
    if (here !== null && source !== undefined) here.scrollTop = source.y - here.clientHeight / 2;
  }, [drawing]);
  return (
    <>
      <div class="scroll graph" ref={frame} tabIndex={0} role="region" aria-label={props.label}>
        <svg width={drawing.width} height={drawing.height} viewBox={`0 0 ${drawing.width} ${drawing.height}`}
          role="group">
          <g aria-hidden="true">
            {drawing.lines.map(({ edge, path, x, y }) => (
              <g key={`${edge.from} ${edge.to}`} class={edge.possible === true ? "edge possible" : "edge"}>
                <path d={path} />
                {edge.units !== undefined && <text x={x} y={y - 4} data-raw>{number(edge.units)}</text>}
              </g>
            ))}
          </g>
          {drawing.nodes.map((placed) => <Node key={placed.node.key} of={placed} />)}
        </svg>
      </div>
      <AsTable nodes={nodes} edges={edges} />
    </>
  );
}
