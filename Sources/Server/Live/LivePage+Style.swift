extension LivePage {
  static let style = #"""
    :root{--back:#fbfbfa;--front:#1b1d21;--soft:#5b616b;--line:#d9dce1;--panel:#fff;--accent:#1f5fbf;--decode:#9aa1ac;--bad:#b3261e}
    @media (prefers-color-scheme:dark){:root{--back:#14161a;--front:#e8eaee;--soft:#a4abb6;--line:#31363f;--panel:#1c1f25;--accent:#82b1ff;--decode:#6d7480;--bad:#ff8a80}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--back);color:var(--front);font:16px/1.45 system-ui,sans-serif}
    header{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline;padding:.8rem 1rem;border-bottom:1px solid var(--line)}
    h1{font-size:1.25rem;margin:0}h2{font-size:1.05rem;margin:0 0 .4rem}
    header p{margin:0;color:var(--soft)}#connection{margin-left:auto}
    main{display:grid;grid-template-columns:minmax(0,1.7fr) minmax(18rem,1fr);gap:1rem;padding:1rem;max-width:110rem;margin:auto}
    section{background:var(--panel);border:1px solid var(--line);border-radius:.6rem;padding:1rem;min-width:0}
    .hint{color:var(--soft);font-size:.88rem;margin:.2rem 0 .6rem}
    .plot{height:22rem;border:1px solid var(--line);border-radius:.4rem;overflow:hidden}
    canvas{display:block;width:100%;height:100%}
    .row{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:end;margin:.7rem 0}
    label{font-size:.88rem;color:var(--soft)}
    input,select,textarea,button{font:inherit;color:var(--front);background:var(--back);border:1px solid var(--soft);border-radius:.35rem;padding:.35rem .5rem}
    input[type=number]{width:6.2rem}input[type=range]{width:8rem;padding:0;vertical-align:middle}
    textarea{width:100%;resize:vertical;display:block}
    button{cursor:pointer;min-height:2.4rem}button:disabled{opacity:.5;cursor:default}
    #send{background:var(--accent);border-color:var(--accent);color:var(--panel)}
    :focus-visible{outline:3px solid var(--accent);outline-offset:2px}
    .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.5rem;margin:.6rem 0}
    .card{border:1px solid var(--line);border-radius:.4rem;padding:.45rem .6rem}
    .card b{display:block;font-size:1.15rem;font-variant-numeric:tabular-nums;font-weight:600}
    .card span{font-size:.8rem;color:var(--soft)}
    .card.bad b{color:var(--bad)}
    #chat{display:flex;flex-direction:column;min-height:30rem}
    #log{flex:1;overflow:auto;max-height:34rem;min-height:12rem;border:1px solid var(--line);border-radius:.4rem;padding:.6rem;margin-bottom:.6rem}
    #log p{margin:0 0 .7rem;white-space:pre-wrap;overflow-wrap:anywhere}#log .who{color:var(--soft);font-size:.8rem;margin-bottom:.1rem}
    #log .error{color:var(--bad)}
    table{border-collapse:collapse;width:100%;font-size:.85rem;font-variant-numeric:tabular-nums}
    caption{text-align:left;color:var(--soft);padding:.3rem 0}th,td{text-align:left;padding:.2rem .5rem .2rem 0;border-top:1px solid var(--line)}
    summary{cursor:pointer;padding:.3rem 0}
    .visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
    .skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--panel);padding:.4rem .8rem;z-index:2}
    @media (max-width:60rem){main{grid-template-columns:minmax(0,1fr);padding:.6rem}.plot{height:15rem}#chat{min-height:0}#connection{margin-left:0}}
    @media (prefers-reduced-motion:reduce){*{scroll-behavior:auto!important}}
    """#
}
