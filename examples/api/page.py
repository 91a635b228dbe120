"""The page of GET /graphql: a form that sends a query. It has neither script nor style, so any CSP allows it."""

from typing import Final

QUERY_PAGE: Final = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>GraphQL</title>
</head>
<body>
<main>
<h1>GraphQL</h1>
<p>POST queries to this address as JSON, <code>{"query": "\xe2\x80\xa6", "variables": {}}</code>, or send one here.
Lists take <code>where</code>, <code>orderBy</code> and <code>limitOffset</code>.</p>
<form action="/graphql" method="get">
<p><label for="query">Query</label></p>
<p><textarea id="query" name="query" rows="16" cols="80" required spellcheck="false">
{
  datasets(where: {title: {_ilike: "%"}}, orderBy: [{id: asc}], limitOffset: {limit: 10}) {
    id
    title
    runs { name tomograms { voxelSpacing sizeX sizeY sizeZ httpsOmezarrDir } }
  }
}
</textarea></p>
<p><label for="variables">Variables (JSON)</label></p>
<p><textarea id="variables" name="variables" rows="3" cols="80" spellcheck="false"></textarea></p>
<p><button>Send</button></p>
</form>
<p><a href="/graphql?query={__schema{types{name%20description%20fields{name%20type{name%20ofType{name}}}}}}">
The schema</a></p>
</main>
</body>
</html>
"""
