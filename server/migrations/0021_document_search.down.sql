DROP TRIGGER documents_indexed ON documents;
DROP FUNCTION search_documents(text, text[], int);
DROP FUNCTION index_document();
DROP FUNCTION document_doors(documents);
DROP FUNCTION document_words(text, text);
DROP FUNCTION words_wanted(text);
DROP FUNCTION words_of(text);
DROP TABLE document_search;
